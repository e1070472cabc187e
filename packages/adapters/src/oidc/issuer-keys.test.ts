import { IssuerUnavailable, TokenRefused } from '@holdfast/core';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { IssuerKeys } from './issuer-keys.ts';

let jwk: JWK;
beforeAll(async () => {
  jwk = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey);
});

/** An issuer whose answers the test gives; it is asked for keys at `at`. */
function world(times: Partial<ConstructorParameters<typeof IssuerKeys>[2]> = {}) {
  const issuer = { keys: [{ ...jwk, kid: 'a' }] as JWK[], at: 'https://id.example.com/keys', fetches: 0, forgotten: 0 };
  let answer: () => Promise<unknown> = () => Promise.resolve({ keys: issuer.keys });
  const lines: string[] = [];
  const keys = new IssuerKeys(
    {
      metadata: () => Promise.resolve({ issuer: 'https://id.example.com', jwks_uri: issuer.at }),
      get: () => {
        issuer.fetches += 1;
        return answer();
      },
      forget: () => void (issuer.forgotten += 1),
    },
    { info: (_facts, message) => lines.push(message), warn: (_facts, message) => lines.push(message) },
    { coolDownMs: 0, freshMs: 0, staleMs: 60_000, ...times },
  );
  return {
    issuer,
    lines,
    key: (kid: string) => keys.keyFor({ alg: 'ES256', kid }),
    answers: (next: () => Promise<unknown>) => (answer = next),
  };
}
const down = (): Promise<never> => Promise.reject(new IssuerUnavailable('it is down'));

test('keys that are fresh are fetched once', async () => {
  const { issuer, key } = world({ freshMs: 60_000 });
  await Promise.all([key('a'), key('a'), key('a')]);
  await key('a');
  expect(issuer.fetches).toBe(1);
});

test('an issuer that answers takes a key back: the next who comes with it waits for the fetch', async () => {
  const { issuer, key } = world();
  await key('a');
  issuer.keys = [{ ...jwk, kid: 'b' }];
  await expect(key('a')).rejects.toThrow(TokenRefused);
  await key('b');
});

test('while the issuer is silent only the first waits for it', async () => {
  const { issuer, lines, key, answers } = world();
  await key('a');
  answers(down);
  await key('a');
  let asked = false;
  // It would hold up everybody for as long as it takes.
  answers(() => {
    asked = true;
    return new Promise(() => undefined);
  });
  await Promise.all([key('a'), key('a')]);
  expect([asked, issuer.forgotten]).toEqual([true, 1]);
  expect(lines).toEqual(['the keys of the issuer cannot be had; those held are used for up to an hour']);
});

test('an unknown key cannot be judged while the issuer is down, and is as soon as it is back', async () => {
  const { issuer, lines, key, answers } = world({ freshMs: 60_000 });
  await key('a');
  answers(down);
  for (let index = 0; index < 3; index += 1) await expect(key('b')).rejects.toThrow(IssuerUnavailable);
  issuer.keys.push({ ...jwk, kid: 'b' });
  answers(() => Promise.resolve({ keys: issuer.keys }));
  await key('b');
  await expect(key('c')).rejects.toThrow(TokenRefused);
  expect(lines).toHaveLength(2);
});

test('keys that are too old are no longer used', async () => {
  const { key, answers } = world({ staleMs: 0 });
  await key('a');
  answers(down);
  for (let index = 0; index < 2; index += 1) await expect(key('a')).rejects.toThrow(IssuerUnavailable);
});

test('a flood of unknown keys is no flood of fetches', async () => {
  const { issuer, key } = world({ coolDownMs: 50, freshMs: 60_000 });
  const flood = Array.from({ length: 100 }, (_none, index) => expect(key(`x${index}`)).rejects.toThrow(TokenRefused));
  await Promise.all(flood);
  // The one under way when they came, and one that began after it.
  expect(issuer.fetches).toBeLessThanOrEqual(2);
});

test.each<[string, object]>([
  ['a point that is on no curve', { x: 'AAAA' }],
  ['a private key', { d: 'AAAA' }],
  ['a shared secret', { kty: 'oct', k: 'AAAA' }],
  ['a key for encryption', { use: 'enc' }],
  ['a key of another algorithm', { alg: 'ES384' }],
])('%s lets nobody in, and the keys beside it are good', async (_what, over) => {
  const { issuer, key } = world();
  issuer.keys.push({ ...jwk, kid: 'odd', ...over });
  await expect(key('odd')).rejects.toThrow(TokenRefused);
  await key('a');
});

test('what is no set of keys is an issuer that is not there', async () => {
  const { key, answers } = world();
  answers(() => Promise.resolve({ keys: [{}] }));
  await expect(key('a')).rejects.toThrow('What is at https://id.example.com/keys is no set of keys.');
});
