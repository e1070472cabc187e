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
      expect(await stores.api.keys.find({ tenant: id }, key.id)).toEqual(key);
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
  });
}
