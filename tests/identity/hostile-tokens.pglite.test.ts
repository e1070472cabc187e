import { createHmac } from 'node:crypto';
import { verifyPlatformAudit } from '@holdfast/core';
import { exportSPKI } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { seconds, signingKey, type SigningKey, startIssuer, type TestIssuer } from './support/issuer.ts';

let issuer: TestIssuer;
let elsewhere: TestIssuer;
let server: TestServer;
let foreign: SigningKey;

beforeAll(async () => {
  [issuer, elsewhere, foreign] = await Promise.all([startIssuer(), startIssuer(), signingKey('first')]);
  server = await startServer('pglite://memory', {
    worker: false,
    environment: { OIDC_ISSUER: issuer.url, OIDC_PROVISION: 'on' },
  });
});
afterAll(async () => {
  await server.close();
  await Promise.all([issuer.close(), elsewhere.close()]);
});

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const parts = (token: string): [string, string, string] => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, payload, signature];
};
/** A good token with another header, whose signature no longer fits. */
const withHeader = async (header: unknown): Promise<string> => {
  const [, payload, signature] = parts(await issuer.sign());
  return [encoded(header), payload, signature].join('.');
};
const hmacSigned = async (secret: string): Promise<string> => {
  const [, payload] = parts(await issuer.sign());
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT', kid: 'first' })}.${payload}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};
const rs256 = { alg: 'RS256', typ: 'JWT', kid: 'first' };

const hostile: Record<string, () => Promise<string>> = {
  'alg none, no signature': async () => `${encoded({ alg: 'none', typ: 'JWT' })}.${parts(await issuer.sign())[1]}.`,
  'alg none with a signature': () => withHeader({ ...rs256, alg: 'none' }),
  'alg None': () => withHeader({ ...rs256, alg: 'None' }),
  'HS256 with the public key as its secret': async () =>
    hmacSigned(await exportSPKI(issuer.keys[0]?.publicKey ?? foreign.publicKey)),
  'HS256 with the JWK as its secret': () => hmacSigned(JSON.stringify(issuer.keys[0]?.jwk)),
  'HS256 with an empty secret': () => hmacSigned(''),
  'another algorithm than the key’s': () =>
    issuer.sign({}, { alg: 'RS512' }).catch(() => withHeader({ ...rs256, alg: 'ES256' })),
  'a changed payload': async () => {
    const [header, , signature] = parts(await issuer.sign());
    const [, payload] = parts(await issuer.sign({ sub: 'mallory' }));
    return [header, payload, signature].join('.');
  },
  'no signature at all': async () =>
    parts(await issuer.sign())
      .slice(0, 2)
      .join('.'),
  'a foreign key under a known kid': () => issuer.sign({}, {}, foreign),
  'a wrong audience': () => issuer.sign({ aud: 'other' }),
  'several audiences, none ours': () => issuer.sign({ aud: ['a', 'b'] }),
  'no audience': () => issuer.sign({ aud: undefined }),
  'a wrong issuer': () => issuer.sign({ iss: `${issuer.url}/` }),
  'another realm’s token': () => elsewhere.sign(),
  'another realm’s key with our issuer': () => elsewhere.sign({ iss: issuer.url }),
  expired: () => issuer.sign({ iat: seconds() - 600, exp: seconds() - 60 }),
  'no exp': () => issuer.sign({ exp: undefined }),
  'exp as text': () => issuer.sign({ exp: '9999999999' as unknown as number }),
  'nbf in the future': () => issuer.sign({ nbf: seconds() + 120 }),
  'iat in the future': () => issuer.sign({ iat: seconds() + 120 }),
  'no sub': () => issuer.sign({ sub: undefined }),
  'an empty sub': () => issuer.sign({ sub: '' }),
  'a sub with a zero': () => issuer.sign({ sub: 'al\0ice' }),
  'a sub with half a character': () => issuer.sign({ sub: 'alice\ud800' }),
  'a sub that is too long': () => issuer.sign({ sub: 'a'.repeat(256) }),
  'a token that is bound to a key': () => issuer.sign({ cnf: { jkt: 'thumbprint' } }, { typ: 'at+jwt' }),
  'a token for DPoP as Keycloak makes it': () => issuer.sign({ typ: 'DPoP', cnf: { jkt: 'thumbprint' } }),
  'an unknown kid': () => issuer.sign({}, { kid: 'unknown' }),
  'a path as kid': () => issuer.sign({}, { kid: '../../../../dev/null' }),
  'SQL as kid': () => issuer.sign({}, { kid: "x' union select 'key' --" }),
  'no kid': () => issuer.sign({}, { kid: undefined }),
  'a number as kid': () => withHeader({ ...rs256, kid: 1 }),
  'two kids': () => withHeader('{"alg":"RS256","kid":"other","typ":"JWT","kid":"first"}'),
  jku: () => issuer.sign({}, { jku: `${elsewhere.url}/keys` }, foreign),
  x5u: () => issuer.sign({}, { x5u: `${elsewhere.url}/chain.pem` }, foreign),
  'an embedded jwk': () => issuer.sign({}, { jwk: foreign.jwk }, foreign),
  'an embedded jwk with a kid of its own': () => issuer.sign({}, { jwk: foreign.jwk, kid: 'mine' }, foreign),
  'an x5c chain': () => issuer.sign({}, { x5c: ['MIIB'] }, foreign),
  oversized: () => issuer.sign({ padding: 'x'.repeat(9_500) }),
  'an ID token as Keycloak makes it': () => issuer.sign({ typ: 'ID', nonce: 'n', at_hash: 'h' }),
  'an ID token of another issuer': () => issuer.sign({ typ: undefined, nonce: 'n', scope: 'openid' }),
  'a token of no kind': () => issuer.sign({ typ: undefined }),
  'a refresh token': () => issuer.sign({ typ: 'Refresh' }),
  'a logout token': () => issuer.sign({ typ: 'Logout', events: {} }, { typ: 'logout+jwt' }),
  'JSON that is none': async () => `${encoded('{"alg":')}.${encoded('{')}.x`,
  'a payload that is a list': async () => `${parts(await issuer.sign())[0]}.${encoded([])}.AAAA`,
  'crit with something unknown': () => withHeader({ ...rs256, crit: ['exp'], exp: 1 }),
  'b64 that is false': () => withHeader({ ...rs256, crit: ['b64'], b64: false }),
  'an extra segment': async () => `${await issuer.sign()}.AAAA`,
  'five segments': async () => `${await issuer.sign()}.AAAA.AAAA`,
  'padding that base64url has not': async () => `${await issuer.sign()}==`,
  'dots alone': async () => '..',
  'half an API key': async () => 'hf_1_2_3',
};

const ask = (token: string, path = '/v1/me') => server.ask(token, 'GET', path);
const refusals = () => server.api.ports.platformAudit.list(null, 200);

test('a good token lets in, as a member with the roles of the token', async () => {
  const answer = await ask(await issuer.sign());
  expect(answer).toMatchObject({
    status: 200,
    json: { by: { type: 'person', roles: ['builder', 'operator', 'viewer'] } },
  });
  expect(await ask(await issuer.sign(), '/t/acme/v1/me')).toMatchObject({ status: 200 });
  expect(await ask(await issuer.sign(), '/t/globex/v1/me')).toMatchObject({
    status: 403,
    json: { code: 'tenant_forbidden', tenants: ['acme'] },
  });
});

test(`${Object.keys(hostile).length} hostile tokens are refused in the same words, with one line of audit each`, async () => {
  const texts = new Set<string>();
  const names = Object.keys(hostile);
  for (const name of names) {
    const before = (await refusals())[0]?.number ?? 0;
    const { status, json } = await ask((await hostile[name]?.()) ?? '');
    expect([name, status, json['code']]).toEqual([name, 401, 'unauthenticated']);
    texts.add(String(json['detail']));
    const [line] = await refusals();
    expect([name, line?.number, line?.operation]).toEqual([name, before + 1, 'tokens.refuse']);
  }
  expect(texts.size).toBe(1);
  expect((await verifyPlatformAudit(server.api.ports.platformAudit)).type).toBe('whole');
  // What a token says about keys is never looked at: nobody asked there.
  expect(elsewhere.asked).toEqual([]);
});

test('a flood gets no more lines', async () => {
  const bad = await issuer.sign({ aud: 'other' });
  for (let index = 0; index < 80; index += 1) await ask(bad);
  // An hour that turns meanwhile has lines of its own.
  const perHour = new Map<number, number>();
  for (const { at } of await refusals()) {
    const hour = Math.floor(at / 3_600_000);
    perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
  }
  for (const lines of perHour.values()) expect(lines).toBeLessThanOrEqual(61);
});

test('keys may be changed while tokens come', async () => {
  const next = await signingKey('next');
  issuer.keys.push(next);
  // At once: the cool-down must not refuse what is good.
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => (await ask(await issuer.sign({}, {}, next))).status),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  issuer.keys.shift();
});
