import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer('pglite://memory');
});
afterAll(() => server.close());

test('whoever may read sees the models of the installation', async () => {
  const { id } = await server.tenant('models');
  const viewer = await server.key(id, ['viewer']);
  const { status, json } = await server.ask(viewer, 'GET', '/v1/models');
  expect(status).toBe(200);
  const rehearsal = {
    kind: 'rehearsal',
    prices: { input_per_mtok: 1_000_000, output_per_mtok: 4_000_000 },
    context_tokens: null,
    capabilities: { tools: true, json_schema: false },
    concurrency: null,
    runs: null,
    health: { status: 'ok', detail: null, checked_at: null },
  };
  expect(json).toEqual({
    items: [
      { name: 'default', ...rehearsal },
      { name: 'rehearsal', ...rehearsal },
    ],
  });
  expect((await server.ask(null, 'GET', '/v1/models')).status).toBe(401);
});
