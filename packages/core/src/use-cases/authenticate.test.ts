import { expect, test } from 'vitest';
import { newKey, parseKey, sameText } from './api-key.ts';
import { authenticate } from './authenticate.ts';
import type { KeyStore } from './key-store.ts';

const tenant = '01920000-0000-7000-8000-000000000001';
const other = '01920000-0000-7000-8000-000000000002';
const { stored, text } = newKey(tenant, 'test', ['builder'], 1_000);
const keys: KeyStore = {
  find: (scope, id) => Promise.resolve(scope.tenant === tenant && id === stored.id ? stored : null),
};

test('a key tells its tenant and the effective roles', async () => {
  const caller = await authenticate(keys, `Bearer ${text}`, 999);
  expect(caller).toEqual({ tenant, by: { type: 'api-key', id: stored.id, roles: ['builder', 'operator', 'viewer'] } });
});

test.each([
  ['no header', undefined],
  ['another scheme', `Basic ${text}`],
  ['no key', 'Bearer '],
  ['malformed', 'Bearer hf_1_2_3'],
  ['a wrong secret', `Bearer ${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`],
  ['another tenant', `Bearer ${text.replace(tenant.replaceAll('-', ''), other.replaceAll('-', ''))}`],
])('%s is refused', async (_what, header) => {
  await expect(authenticate(keys, header, 0)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('an expired key is refused', async () => {
  await expect(authenticate(keys, `Bearer ${text}`, 1_000)).rejects.toMatchObject({ code: 'key_expired' });
});

test('the secret is not stored', () => {
  expect(JSON.stringify(stored)).not.toContain(parseKey(text)?.secret);
});

test('texts are compared whole', () => {
  expect(sameText('abc', 'abc')).toBe(true);
  expect(sameText('abc', 'abcd')).toBe(false);
  expect(sameText('abcd', 'abc')).toBe(false);
  expect(sameText('', '')).toBe(true);
});
