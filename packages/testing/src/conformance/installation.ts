import { randomUUID } from 'node:crypto';
import type { KeyDraft } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newTenant } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

const keyOf = (with_: Partial<KeyDraft> = {}): KeyDraft => ({
  id: randomUUID(),
  name: 'a key',
  roles: ['operator', 'viewer'],
  secretHash: 'ab'.repeat(32),
  expiresAt: null,
  ...with_,
});

/** Tenants and their keys. */
export function describeInstallation(name: string, open: OpenStores): void {
  describe(`installation and keys: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    test('the installation has one id', async () => {
      const id = await stores.installation.installationId();
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await stores.installation.installationId()).toBe(id);
    });

    test('a tenant is made once by name, with its first key', async () => {
      const [id, tenantName, key] = [randomUUID(), `acme ${randomUUID()}`, keyOf({ expiresAt: 1_700_000_000_123 })];
      expect(await stores.installation.tenantByName(tenantName)).toBeNull();
      expect(await stores.installation.createTenant({ id, name: tenantName, slots: 3 }, key)).toBe(true);
      expect(await stores.installation.createTenant({ id: randomUUID(), name: tenantName, slots: 3 }, keyOf())).toBe(
        false,
      );
      expect(await stores.installation.tenantByName(tenantName)).toBe(id);
      expect(await stores.api.keys.find({ tenant: id }, key.id)).toMatchObject(key);
    });

    test('keys are found in their tenant only', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const key = keyOf();
      await stores.installation.addKey(scope, key);
      expect(await stores.api.keys.find(scope, key.id)).toMatchObject(key);
      expect(await stores.api.keys.find(other, key.id)).toBeNull();
      expect(await stores.api.keys.find(scope, randomUUID())).toBeNull();
      expect(await stores.api.keys.find(scope, 'x')).toBeNull();
      expect(await stores.api.keys.find({ tenant: 'x' }, key.id)).toBeNull();
    });

    test('keys are listed by age; times and roles come back as they were', async () => {
      const scope = await newTenant(stores);
      const { keys } = stores.api;
      const drafts = [keyOf(), keyOf({ expiresAt: 1_700_000_000_123 })].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const fresh = { previousHash: null, previousUntil: null, revokedAt: null, lastUsedAt: null };
      for (const draft of drafts) expect(await keys.add(scope, draft)).toMatchObject({ ...draft, ...fresh });
      const all = await keys.list(scope, null, 10);
      expect(all.map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id));
      expect(all).toEqual(expect.arrayContaining(drafts.map((draft) => expect.objectContaining(draft))));
      expect(all).toHaveLength(3);
      expect(await keys.list(scope, all[0]?.id ?? null, 1)).toEqual([all[1]]);
      expect(Math.abs((all[1]?.createdAt ?? 0) - stores.clock.now())).toBeLessThan(60_000);
    });

    test('a rotation keeps the secret that there was', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { keys } = stores.api;
      const key = await keys.add(scope, keyOf());
      const to = { secretHash: 'cd'.repeat(32), previousUntil: 5, expiresAt: 9 };
      const expected = { ...key, ...to, previousHash: key.secretHash };
      expect(await keys.rotate(scope, key.id, (old) => (expect(old).toEqual(key), to))).toEqual(expected);
      expect(await keys.find(scope, key.id)).toEqual({ ...expected, tenantSuspendedAt: null });
      expect(await keys.rotate(other, key.id, () => to)).toBeNull();
      expect(await keys.rotate(scope, randomUUID(), () => to)).toBeNull();
    });

    test('the last admin key that is good is not revoked', async () => {
      const scope = await newTenant(stores);
      const { keys } = stores.api;
      const [first] = await keys.list(scope, null, 1);
      if (first === undefined) throw new Error('a tenant has a key');
      const expired = await keys.add(scope, keyOf({ roles: ['admin'], expiresAt: 10 }));
      expect(await keys.revoke(scope, first.id, 10)).toBe('last-admin');
      expect((await keys.find(scope, first.id))?.revokedAt).toBeNull();
      expect(await keys.revoke(scope, expired.id, 10)).toBe('revoked');
      const second = await keys.add(scope, keyOf({ roles: ['viewer', 'admin'] }));
      expect(await keys.revoke(scope, first.id, 11)).toBe('revoked');
      expect(await keys.revoke(scope, first.id, 12)).toBe('revoked-before');
      expect((await keys.find(scope, first.id))?.revokedAt).toBe(11);
      expect(await keys.revoke(scope, second.id, 12)).toBe('last-admin');
      expect(await keys.revoke(scope, randomUUID(), 12)).toBe('missing');
    });

    test('of two admins who revoke each other at the same time, one stays', async () => {
      const scope = await newTenant(stores);
      const { keys } = stores.api;
      const [first] = await keys.list(scope, null, 1);
      const second = await keys.add(scope, keyOf({ roles: ['admin'] }));
      const outcomes = await Promise.all([first?.id ?? '', second.id].map((id) => keys.revoke(scope, id, 1)));
      expect(outcomes.toSorted()).toEqual(['last-admin', 'revoked']);
    });

    test('the last use is noted when it is later', async () => {
      const scope = await newTenant(stores);
      const { keys } = stores.api;
      const { id } = await keys.add(scope, keyOf());
      for (const minute of [120_000, 60_000]) await keys.used(scope, id, minute);
      expect((await keys.find(scope, id))?.lastUsedAt).toBe(120_000);
    });
  });
}
