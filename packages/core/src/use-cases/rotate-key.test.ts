import { expect, test } from 'vitest';
import { hashSecret, newKey, parseKey } from './api-key.ts';
import type { Caller } from './caller.ts';
import type { Rotation, StoredKey } from './key-store.ts';
import { rotateKey } from './rotate-key.ts';

const tenant = '01920000-0000-7000-8000-000000000001';
const caller: Caller = { tenant, by: { type: 'api-key', id: 'x', roles: ['admin'] } };
const { stored } = newKey(tenant, 'k', ['viewer']);

async function rotated(old: Partial<StoredKey>, overlapMs: number, expiresInMs: number | null) {
  const before: StoredKey = {
    ...stored,
    previousHash: null,
    previousUntil: null,
    revokedAt: null,
    lastUsedAt: null,
    createdAt: 0,
    ...old,
  };
  const seen: Rotation[] = [];
  const keys = {
    rotate: async (_scope: unknown, _id: string, to: (key: StoredKey) => Rotation) => {
      const rotation = to(before);
      seen.push(rotation);
      return { ...before, ...rotation };
    },
  };
  const { text } = await rotateKey(keys, caller, stored.id, { overlapMs, expiresInMs, now: 1_000 });
  return { rotation: seen[0], text };
}

test('the text is the same key with a new secret', async () => {
  const { rotation, text } = await rotated({}, 10, null);
  const parsed = parseKey(text);
  expect(parsed).toMatchObject({ tenant, id: stored.id });
  expect(rotation?.secretHash).toBe(hashSecret(parsed?.secret ?? ''));
  expect(rotation?.secretHash).not.toBe(stored.secretHash);
});

test.each([
  ['for ever, overlap as asked', {}, 500, null, { previousUntil: 1_500, expiresAt: null }],
  ['the end of the key stays', { expiresAt: 9_000 }, 500, null, { previousUntil: 1_500, expiresAt: 9_000 }],
  ['the old secret is not good for longer than it was', { expiresAt: 1_200 }, 500, 9_000, { previousUntil: 1_200 }],
  ['nor for longer than the new one', {}, 500, 100, { previousUntil: 1_100, expiresAt: 1_100 }],
  ['an expired key may live again, its old secret not', { expiresAt: 900 }, 500, 100, { previousUntil: 900 }],
])('%s', async (_what, old, overlap, expiresIn, expected) => {
  expect((await rotated(old, overlap, expiresIn)).rotation).toMatchObject(expected);
});

test.each([
  ['a revoked key', { revokedAt: 1 }, 100],
  ['an expired key', { expiresAt: 1_000 }, null],
])('%s cannot be rotated', async (_what, old, expiresIn) => {
  await expect(rotated(old, 1, expiresIn)).rejects.toMatchObject({ code: 'key_ended' });
});

test('an unknown key', async () => {
  const keys = { rotate: () => Promise.resolve(null) };
  await expect(rotateKey(keys, caller, stored.id, { overlapMs: 1, expiresInMs: null, now: 0 })).rejects.toMatchObject({
    code: 'key_not_found',
  });
});
