import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeProgram, startTraefik, type TraefikServer } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { platformAdmin, startIssuer, type TestIssuer } from '../identity/support/issuer.ts';
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
  let pages: Server;
  let issuer: TestIssuer;
  let traefik: TraefikServer;
  let edge: Edge;
  const asked: string[] = [];
  /** What came to Temporal's pages. */
  const seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[] = [];

  beforeAll(async () => {
    // Answers whatever is asked, so that nothing but the edge keeps a path from it.
    keycloak = createServer(({ url }, response) => {
      asked.push(url ?? '');
      response.end('behind the edge');
    });
    pages = createServer(({ method, url, headers }, response) => {
      seen.push({ method, url, headers });
      response.setHeader('set-cookie', 'theirs=1; Path=/').setHeader('x-frame-options', 'SAMEORIGIN');
      response.setHeader('content-security-policy', 'theirs').end('pages');
    });
    issuer = await startIssuer();
    server = await startServer('pglite://memory', {
      environment: {
        RATE_LIMITS: 'address.open=50',
        TRUSTED_PROXIES: '127.0.0.1',
        OIDC_ISSUER: issuer.url,
        OIDC_CLIENT_ID: 'holdfast-web',
        PUBLIC_BASE_URL: 'https://holdfast.example.com',
      },
    });
    traefik = await startTraefik(bin, {
      EDGE_API_URL: server.url,
      EDGE_KEYCLOAK_URL: await listening(keycloak),
      EDGE_TEMPORAL_UI_URL: await listening(pages),
      EDGE_RATE_AVERAGE: '5',
      EDGE_RATE_BURST: '200',
    });
    edge = { url: traefik.url, key: (await server.tenant('edge')).key };
  });
  afterAll(async () => {
    await traefik.stop();
    await server.close();
    await issuer.close();
    keycloak.close();
    pages.close();
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

  describe("Temporal's pages", () => {
    const ask = async (headers: Record<string, string>, path = '/temporal/namespaces?a=b', method = 'GET') => {
      seen.length = 0;
      return fetch(`${edge.url}${path}`, { method, headers, redirect: 'manual' });
    };
    const admin = async () => ({ authorization: `Bearer ${await issuer.sign(platformAdmin)}` });

    test('are for platform admins; key, cookies and frames of theirs stay outside', async () => {
      for (const [path, method] of [
        ['/temporal', 'GET'],
        ['/temporal/namespaces?a=b', 'GET'],
        ['/temporal/', 'HEAD'],
      ] as const) {
        const answer = await ask({ ...(await admin()), cookie: 'holdfast_session=x; theirs=2' }, path, method);
        expect([path, answer.status, await answer.text()]).toEqual([path, 200, method === 'GET' ? 'pages' : '']);
        expect(seen).toMatchObject([{ method, url: path }]);
        expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => /^(authorization|cookie)$/.test(name))).toEqual([]);
        expect(answer.headers.get('set-cookie')).toBeNull();
        expect(answer.headers.get('x-frame-options')).toBe('DENY');
        expect(answer.headers.get('content-security-policy')).toBe('theirs');
      }
    });

    test.each<[string, () => Record<string, string>, number]>([
      ['nobody', () => ({}), 401],
      ['whoever brings nonsense', () => ({ authorization: 'Bearer x', accept: 'text/html' }), 401],
      ['an admin of a tenant', () => ({ authorization: `Bearer ${edge.key}` }), 403],
    ])('are not for %s', async (_who, headers, status) => {
      const answer = await ask(headers());
      expect([answer.status, answer.headers.get('content-type'), seen]).toEqual([
        status,
        'application/problem+json',
        [],
      ]);
    });

    test('send a browser without a login to the login of our address, and back to where it was, whatever it says', async () => {
      const answer = await ask({
        accept: 'text/html,*/*',
        cookie: 'holdfast_session=x',
        'x-forwarded-uri': '/elsewhere',
        'x-forwarded-host': 'evil.example',
      });
      const back = encodeURIComponent('/temporal/namespaces?a=b');
      expect([answer.status, answer.headers.get('location'), seen]).toEqual([
        302,
        `https://holdfast.example.com/auth/login?return_to=${back}`,
        [],
      ]);
    });

    test('are to read, and lead to nothing else', async () => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
        expect([method, (await ask(await admin(), '/temporal/api/v1/namespaces', method)).status, seen]).toEqual([
          method,
          404,
          [],
        ]);
      const outside = ['/temporalx', '/temporal/../metrics', '/temporal/%2e%2e/metrics', '/auth/verify/engine'];
      const written = ['/temporal/render', '/temporal/temporal/render?content=x', '/temporal/x/%72ender/'];
      for (const path of [...outside, ...written])
        expect([path, (await ask(await admin(), path)).status, seen]).toEqual([path, 404, []]);
    });
  });

  edgeSuite(() => edge);
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on a port, not on a path.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
