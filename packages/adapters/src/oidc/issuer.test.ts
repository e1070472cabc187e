import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Issuer } from './issuer.ts';

const answers: Record<string, string> = {};
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const body = answers[request.url ?? ''];
    if (body?.startsWith('http') === true) response.writeHead(302, { location: body });
    else if (body === undefined) response.statusCode = 404;
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const issuerOf = (issuer: string, internalUrl: string | null = null, allowHttp = false) =>
  new Issuer({ issuer, internalUrl, allowHttp });

test.each([
  // Nothing but the origin: all paths stay.
  ['https://id.example.com/realms/x', 'http://keycloak:8080', '/realms/x/certs', 'http://keycloak:8080/realms/x/certs'],
  // With a path, the issuer's path is replaced.
  [
    'https://id.example.com/realms/x',
    'http://kc:8080/auth/realms/x/',
    '/realms/x/certs',
    'http://kc:8080/auth/realms/x/certs',
  ],
  ['https://id.example.com', 'http://dex:5556/dex', '/keys?a=b', 'http://dex:5556/dex/keys?a=b'],
  // Beside the issuer's path.
  ['https://id.example.com/t/x', 'http://kc:8080/t/x', '/keys', 'http://kc:8080/keys'],
  ['https://id.example.com/realms/x', 'http://kc:8080/realms/x', '/realms/xy/keys', 'http://kc:8080/realms/xy/keys'],
])('of %s by %s: %s is at %s', (issuer, internalUrl, path, inside) => {
  expect(issuerOf(issuer, internalUrl).inside(`https://id.example.com${path}`).href).toBe(inside);
});

test('what an issuer publishes elsewhere is asked there, and without an inside address all is', () => {
  const keys = 'https://keys.example.net/certs';
  expect(issuerOf('https://id.example.com', 'http://kc:8080').inside(keys).href).toBe(keys);
  expect(issuerOf('https://id.example.com').inside('https://id.example.com/certs').href).toBe(
    'https://id.example.com/certs',
  );
});

test('metadata is found with a slash at the end of the issuer and without, and kept until it is forgotten', async () => {
  const path = '/slash/.well-known/openid-configuration';
  const issuer = issuerOf(`${url}/slash/`);
  answers[path] = JSON.stringify({ issuer: `${url}/slash/`, jwks_uri: `${url}/1` });
  expect(await issuer.metadata()).toMatchObject({ jwks_uri: `${url}/1` });
  answers[path] = JSON.stringify({ issuer: `${url}/slash/`, jwks_uri: `${url}/2` });
  expect(await issuer.metadata()).toMatchObject({ jwks_uri: `${url}/1` });
  issuer.forget();
  expect(await issuer.metadata()).toMatchObject({ jwks_uri: `${url}/2` });
});

test('an issuer that calls itself otherwise is not believed, and both names are told', async () => {
  answers['/liar/.well-known/openid-configuration'] = JSON.stringify({
    issuer: 'https://id.example.com',
    jwks_uri: `${url}/keys`,
  });
  const read = issuerOf(`${url}/liar`).metadata();
  await expect(read).rejects.toThrow(
    `OIDC_ISSUER is ${url}/liar, but the issuer there calls itself https://id.example.com.`,
  );
  // Said by the public name and asked by the inside one, it is.
  expect(await issuerOf('https://id.example.com', `${url}/liar`).metadata()).toMatchObject({ jwks_uri: `${url}/keys` });
});

test.each([
  ['nothing there', () => `${url}/missing`, 'answered 404'],
  ['a redirect', () => `${url}/redirect`, 'redirect'],
  ['no JSON', () => `${url}/text`, 'JSON'],
  ['something endless', () => `${url}/large`, 'larger than 1048576 bytes'],
])('%s is an issuer that cannot be asked', async (_what, at, cause) => {
  answers['/redirect'] = `${url}/text`;
  answers['/text'] = 'keys';
  answers['/large'] = ' '.repeat(1024 * 1024 + 1);
  const error: unknown = await issuerOf(url)
    .get(at())
    .catch((failure: unknown) => failure);
  expect(error).toMatchObject({ name: 'IssuerUnavailable', message: `${at()} cannot be read.` });
  expect(String((error as Error).cause) + String(((error as Error).cause as Error).cause)).toContain(cause);
});

test.each([
  [
    'http://keycloak:8080/keys',
    false,
    'http://keycloak:8080 is not asked over plain HTTP; OIDC_ALLOW_HTTP=true allows it.',
  ],
  ['http://127.0.0.1.example.com/keys', false, 'is not asked over plain HTTP'],
  ['data:application/json,{"keys":[]}', true, 'is no address of the web'],
  ['file:///etc/passwd', true, 'is no address of the web'],
])('%s is not asked', async (at, allowHttp, message) => {
  await expect(issuerOf('https://id.example.com', null, allowHttp).get(at)).rejects.toThrow(message);
});
