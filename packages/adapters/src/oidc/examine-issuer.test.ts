import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examineIssuer } from './examine-issuer.ts';

let server: Server;
let url: string;
/** Where nobody listens. */
let gone: string;
/** By path. */
const pages: Record<string, unknown> = {};
const metadata = '/.well-known/openid-configuration';

async function listening(listener: Server): Promise<string> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    response.writeHead(page === undefined ? 404 : 200).end(JSON.stringify(page ?? null));
  });
  url = await listening(server);
  const other = createServer();
  gone = await listening(other);
  await new Promise((resolve) => other.close(resolve));
  const key = { kty: 'RSA', n: 'AQAB', e: 'AQAB' };
  pages['/keys'] = {
    keys: [
      { ...key, kid: 'a', use: 'sig' },
      { ...key, kid: 'b', use: 'enc' },
    ],
  };
  pages['/none'] = { keys: [{ ...key }, { kty: 'oct', k: 'AAAA', kid: 'c' }] };
  const issuer = (path: string, more: object = {}) => {
    pages[`${path}${metadata}`] = { issuer: `${url}${path}`, jwks_uri: `${url}/keys`, ...more };
  };
  issuer('/good');
  issuer('/none', { jwks_uri: `${url}/none` });
  issuer('/text', { jwks_uri: `${url}/text` });
  issuer('/liar', { issuer: 'https://id.example.com' });
  pages['/text'] = 'keys';
  pages[`/bare${metadata}`] = { issuer: `${url}/bare` };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function findings(issuer: string, internalUrl: string | null = null, allowHttp = false): Promise<string[]> {
  const lines: string[] = [];
  for await (const { level, check, detail } of examineIssuer({ issuer, internalUrl, allowHttp }))
    lines.push(`${level} ${check}: ${detail}`);
  return lines;
}

test('an issuer that is well', async () => {
  expect(await findings(`${url}/good`)).toEqual([`ok issuer: ${url}/good answers at ${url}, 1 keys`]);
});

test('plain HTTP is warned of', async () => {
  const [, warning] = await findings(`${url}/good`, null, true);
  expect(warning).toMatch(/^warn issuer http: .* over plain HTTP/);
});

test.each<[string, () => [string, string?], RegExp]>([
  ['nobody listens', () => [gone], /ECONNREFUSED.*Is the issuer up, and reached from here by OIDC_ISSUER\?/],
  [
    'nobody listens at the inside address',
    () => ['https://id.example.com', gone],
    /ECONNREFUSED.*by OIDC_INTERNAL_URL\?/,
  ],
  ['a name that cannot be found', () => ['https://issuer.invalid'], /issuer\.invalid.*(ENOTFOUND|EAI_AGAIN)/],
  ['no metadata', () => [`${url}/missing`], /answered 404/],
  ['metadata without keys', () => [`${url}/bare`], /is no metadata of an issuer: it lacks jwks_uri\./],
  [
    'another name',
    () => [`${url}/liar`],
    /calls itself https:\/\/id\.example\.com\. Set OIDC_ISSUER to what tokens say/,
  ],
  ['no usable key', () => [`${url}/none`], /has no key with a kid/],
  ['no keys at all', () => [`${url}/text`], /has no key with a kid/],
  ['plain HTTP to elsewhere', () => ['http://id.example.com'], /is not asked over plain HTTP; OIDC_ALLOW_HTTP=true/],
])('%s is said, with what to do', async (_what, address, said) => {
  const [issuer, internalUrl] = address();
  const lines = await findings(issuer, internalUrl);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^fail issuer: /);
  expect(lines[0]).toMatch(said);
});
