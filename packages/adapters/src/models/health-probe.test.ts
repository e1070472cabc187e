import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { HealthProbe } from './health-probe.ts';
import { type ModelClient, modelClient } from './openai-compatible/client.ts';
import { type ModelServer, modelServer, refuses } from './openai-compatible/testing/model-server.ts';

let server: ModelServer;
let client: ModelClient;
beforeAll(async () => {
  server = await modelServer();
  client = modelClient();
});
afterAll(async () => {
  await client.close();
  await server.close();
});
afterEach(() => void server.asked.splice(0));

let now = 1_000;
const probe = (baseUrl = server.url): HealthProbe =>
  new HealthProbe({ baseUrl, model: 'qwen', apiKey: 'sk-1', fetch: client.fetch, now: () => now });

it.each([
  [200, { data: [{ id: 'qwen' }] }, { status: 'ok', detail: null }],
  [200, { data: [{ id: 'x', aliases: ['qwen'] }] }, { status: 'ok', detail: null }],
  [200, { data: [{ id: 'other' }] }, { status: 'ok', detail: 'the server does not list qwen' }],
  [200, 'hello', { status: 'ok', detail: null }],
  [404, {}, { status: 'ok', detail: 'the server lists no models' }],
  [401, {}, { status: 'unreachable', detail: 'it answers 401 when asked for its models' }],
  [503, {}, { status: 'unreachable', detail: 'it answers 503 when asked for its models' }],
] as const)('an answer %d %j is understood', async (status, body, health) => {
  server.plays(refuses(status, body));
  expect(await probe().look()).toEqual({ ...health, checkedAt: now });
  expect(server.asked[0]).toMatchObject({ method: 'GET', path: '/v1/models' });
  expect(server.asked[0]?.headers.authorization).toBe('Bearer sk-1');
});

it('a server that is away is told without its address', async () => {
  const gone = await modelServer();
  await gone.close();
  expect(await probe(gone.url).look()).toMatchObject({ status: 'unreachable', detail: 'no connection: ECONNREFUSED' });
});

it('the server is asked once in 30 s, however many look', async () => {
  server.plays(refuses(200, { data: [{ id: 'qwen' }] }));
  const looked = probe();
  await Promise.all([looked.look(), looked.look()]);
  now += 29_999;
  await looked.look();
  expect(server.asked).toHaveLength(1);
  now += 1;
  expect(await looked.look()).toMatchObject({ checkedAt: now });
  expect(server.asked).toHaveLength(2);
});
