import { createServer, type Server } from 'node:http';
import { describeProgram, startTraefik, type TraefikServer } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { type Edge, edgeSuite } from './edge.suite.ts';

const { EDGE_URL, EDGE_API_KEY } = process.env;

const tried = EDGE_URL === undefined ? ourTraefik : () => givenEdge(EDGE_URL);
tried();

function givenEdge(url: string): void {
  describe(`the edge at ${url}`, () => {
    edgeSuite(() => ({ url, key: given(EDGE_API_KEY) }));
  });
}

function ourTraefik(): void {
  describeProgram('traefik', 'Traefik in front of the API', onTraefik);
}

function given(key: string | undefined): string {
  if (key === undefined) throw new Error('EDGE_API_KEY: give the API key of an admin of a tenant behind that edge');
  return key;
}

function onTraefik(bin: string): void {
  let server: TestServer;
  let keycloak: Server;
  let traefik: TraefikServer;
  let edge: Edge;
  const asked: string[] = [];

  beforeAll(async () => {
    // Answers whatever is asked, so that nothing but the edge keeps a path from it.
    keycloak = createServer(({ url }, response) => {
      asked.push(url ?? '');
      response.end('behind the edge');
    });
    await new Promise<void>((resolve) => keycloak.listen(0, '127.0.0.1', resolve));
    const address = keycloak.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    server = await startServer('pglite://memory', {
      environment: { RATE_LIMITS: 'address.open=50', TRUSTED_PROXIES: '127.0.0.1' },
    });
    traefik = await startTraefik(bin, {
      EDGE_API_URL: server.url,
      EDGE_KEYCLOAK_URL: `http://127.0.0.1:${address.port}`,
      EDGE_RATE_AVERAGE: '5',
      EDGE_RATE_BURST: '200',
    });
    edge = { url: traefik.url, key: (await server.tenant('edge')).key };
  });
  afterAll(async () => {
    await traefik.stop();
    await server.close();
    keycloak.close();
  });

  test('publishes the realm, and no numbers of its own', async () => {
    const login = '/realms/holdfast/protocol/openid-connect/auth?client_id=holdfast-web';
    for (const path of [login, '/resources/x/style.css'])
      expect(await (await fetch(`${edge.url}${path}`)).text()).toBe('behind the edge');
    expect(asked).toEqual([login, '/resources/x/style.css']);
    expect(await (await fetch(`${traefik.internal}/metrics`)).text()).toContain('traefik_');
    expect((await fetch(`${traefik.internal}/api/rawdata`)).status).toBe(404);
  });

  test('lets nobody give their requests an id', async () => {
    const answer = await fetch(`${edge.url}/v1/login-options`, { headers: { 'x-request-id': 'mine-1' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('keeps whoever is nobody from the API', async () => {
    const reached = async () => (await (await fetch(`${server.url}/metrics`)).text()).includes('route="/v1/webhooks"');
    const ask = async (headers: Record<string, string>) => (await fetch(`${edge.url}/v1/webhooks`, { headers })).status;
    expect([await ask({}), await ask({ authorization: 'Bearer x' }), await reached()]).toEqual([401, 401, false]);
    expect([await ask({ authorization: `Bearer ${edge.key}` }), await reached()]).toEqual([200, true]);
  });

  edgeSuite(() => edge);
}
