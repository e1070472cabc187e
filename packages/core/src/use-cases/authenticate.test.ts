import { describe, expect, test } from 'vitest';
import { newKey, newSecretOf, parseKey, sameText } from './api-key.ts';
import { authenticate, isLetIn } from './authenticate.ts';
import { DatabaseUnavailable } from '../log/run-store.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { FoundKey } from './key-store.ts';

const tenant = '01920000-0000-7000-8000-000000000001';
const other = '01920000-0000-7000-8000-000000000002';
const { stored: draft, text } = newKey(tenant, 'test', ['builder'], 1_000);
const key: FoundKey = {
  ...draft,
  previousHash: null,
  previousUntil: null,
  revokedAt: null,
  lastUsedAt: 0,
  createdAt: 0,
  tenantSuspendedAt: null,
};
const holding = (stored: FoundKey, used: number[] = []) => ({
  find: (scope: TenantScope, id: string) =>
    Promise.resolve(scope.tenant === tenant && id === stored.id ? stored : null),
  used: (_scope: TenantScope, _id: string, minute: number) => Promise.resolve(void used.push(minute)),
});
const keys = holding(key);

test('a key tells its tenant and the effective roles', async () => {
  const caller = await authenticate(keys, `Bearer ${text}`, 999);
  expect(caller).toEqual({
    tenant,
    by: { type: 'api-key', id: key.id, roles: ['builder', 'operator', 'viewer'] },
    name: 'test',
  });
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

test('a revoked key is refused, whatever else it is', async () => {
  await expect(authenticate(holding({ ...key, revokedAt: 1 }), `Bearer ${text}`, 0)).rejects.toMatchObject({
    code: 'key_expired',
  });
});

test('a good key of a suspended tenant is refused, and a bad one is told nothing', async () => {
  const suspended = holding({ ...key, tenantSuspendedAt: 1 });
  await expect(authenticate(suspended, `Bearer ${text}`, 0)).rejects.toMatchObject({
    code: 'tenant_suspended',
    status: 403,
  });
  expect(await isLetIn(suspended, `Bearer ${text}`, 0)).toBe(false);
  const other = newSecretOf(tenant, key.id).text;
  await expect(authenticate(suspended, `Bearer ${other}`, 0)).rejects.toMatchObject({ code: 'unauthenticated' });
});

describe('after a rotation', () => {
  const next = newSecretOf(tenant, key.id);
  const rotated = holding({
    ...key,
    secretHash: next.secretHash,
    previousHash: key.secretHash,
    previousUntil: 500,
  });

  test('the old secret is good until its time, the new one goes on', async () => {
    for (const secret of [text, next.text])
      expect((await authenticate(rotated, `Bearer ${secret}`, 499)).by.id).toBe(key.id);
    await expect(authenticate(rotated, `Bearer ${text}`, 500)).rejects.toMatchObject({ code: 'key_expired' });
    expect((await authenticate(rotated, `Bearer ${next.text}`, 999)).by.id).toBe(key.id);
  });

  test('another secret stays unknown', async () => {
    const other = newSecretOf(tenant, key.id).text;
    await expect(authenticate(rotated, `Bearer ${other}`, 0)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('the last use', () => {
  const forever = { ...key, expiresAt: null };

  test('is noted by the minute, and not for each request', async () => {
    const used: number[] = [];
    await authenticate(holding({ ...forever, lastUsedAt: null }, used), `Bearer ${text}`, 61_234);
    await authenticate(holding({ ...forever, lastUsedAt: 60_000 }, used), `Bearer ${text}`, 119_999);
    await authenticate(holding({ ...forever, lastUsedAt: 60_000 }, used), `Bearer ${text}`, 120_000);
    expect(used).toEqual([60_000, 120_000]);
  });

  test('is not worth a request when the database takes no writes', async () => {
    const used = () => Promise.reject(new DatabaseUnavailable('read only'));
    const readOnly = { ...holding({ ...forever, lastUsedAt: null }), used };
    expect((await authenticate(readOnly, `Bearer ${text}`, 0)).by.id).toBe(key.id);
  });

  test('is not noted for a secret that is refused', async () => {
    const used: number[] = [];
    const revoked = holding({ ...forever, lastUsedAt: null, revokedAt: 1 }, used);
    await expect(authenticate(revoked, `Bearer ${text}`, 61_234)).rejects.toMatchObject({ code: 'key_expired' });
    expect(used).toEqual([]);
  });
});

test('the secret is not stored', () => {
  expect(JSON.stringify(draft)).not.toContain(parseKey(text)?.secret);
});

test('texts are compared whole', () => {
  expect(sameText('abc', 'abc')).toBe(true);
  expect(sameText('abc', 'abcd')).toBe(false);
  expect(sameText('abcd', 'abc')).toBe(false);
  expect(sameText('', '')).toBe(true);
});
