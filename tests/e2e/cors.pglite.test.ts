import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from './support/server.ts';

const page = 'https://app.example.com';
const preflight = {
  origin: page,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization, content-type, idempotency-key',
};

describe('pages of other origins', () => {
  let server: TestServer;
  let key: string;
  beforeAll(async () => {
    server = await startServer('pglite://memory', { environment: { CORS_ORIGINS: page } });
    ({ key } = await server.tenant('cors'));
  });
  afterAll(() => server.close());

  test('of a listed origin may ask, and read what answers carry', async () => {
    const asked = await server.ask(null, 'OPTIONS', '/v1/runs', undefined, preflight);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(page);
    expect(asked.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    const answered = await server.ask(key, 'GET', '/v1/runs', undefined, { origin: page });
    expect(answered.headers.get('access-control-allow-origin')).toBe(page);
    expect(answered.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answered.headers.get('vary')).toBe('origin');
  });

  test('read refusals too', async () => {
    const refused = await server.ask(null, 'GET', '/v1/runs', undefined, { origin: page });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(page);
  });

  test.each(['https://evil.example.com', 'null', `${page}.evil.example.com`])('of %s may not', async (origin) => {
    const asked = await server.ask(null, 'OPTIONS', '/v1/runs', undefined, { ...preflight, origin });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    const answered = await server.ask(key, 'GET', '/v1/runs', undefined, { origin });
    expect(answered.headers.get('access-control-allow-origin')).toBeNull();
  });
});
