import { randomUUID } from 'node:crypto';
import { quotaNames } from '@holdfast/contracts';
import { createUpload, newKey, newUploadId, type TenantScope, withinQuota } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newTenant } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

/** Numbers of a tenant's own, and how much it has of what is counted. */
export function describeLimitStore(name: string, open: OpenStores): void {
  describe(`limits: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const named = async (): Promise<TenantScope & { readonly name: string }> => {
      const [tenant, tenantName] = [randomUUID(), `limits ${randomUUID()}`];
      await stores.installation.createTenant(
        { id: tenant, name: tenantName, slots: 1 },
        newKey(tenant, 'k', []).stored,
      );
      return { tenant, name: tenantName };
    };
    const addKey = (scope: TenantScope) => stores.api.keys.add(scope, newKey(scope.tenant, 'k', []).stored);
    const usedOf = async (scope: TenantScope): Promise<Record<string, number>> => {
      const used: Record<string, number> = {};
      for (const quota of quotaNames) used[quota] = (await stores.api.limits.count(scope, quota)).used;
      return used;
    };
    const quotas = {
      agents: 9,
      budgets: 9,
      keys: 4,
      schedules: 9,
      secrets: 9,
      tool_servers: 9,
      upload_megabytes: 9,
      webhooks: 9,
    };

    test('a tenant has none of its own, until the installation gives it some', async () => {
      const [mine, other] = [await named(), await named()];
      const { limits } = stores.api;
      const { installation } = stores;
      expect(await limits.own(mine)).toEqual({});
      expect(await installation.setLimits(mine.name, { agents: 0, 'caller.read': 7 })).toEqual({
        agents: 0,
        'caller.read': 7,
      });
      expect(await installation.setLimits(mine.name, { agents: null, keys: 3 })).toEqual({ 'caller.read': 7, keys: 3 });
      expect(await limits.own(mine)).toEqual({ 'caller.read': 7, keys: 3 });
      expect(await limits.own(other)).toEqual({});
      expect(await limits.own({ tenant: randomUUID() })).toEqual({});
      expect(await installation.setLimits('nobody', { agents: 1 })).toBeNull();
      expect(await limits.count(mine, 'keys')).toEqual({ used: 1, own: 3 });
      expect(await limits.count(other, 'keys')).toEqual({ used: 1, own: null });
    });

    test('what there is counts, what is gone does not', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { api, clock } = stores;
      const revoked = await addKey(scope);
      await api.keys.revoke(scope, revoked.id, clock.now());
      await api.keys.add(scope, newKey(scope.tenant, 'expired', [], clock.now() - 1_000).stored);
      const sealed = () => ({ keyId: 'k', nonce: 'n', ciphertext: 'c' });
      for (const secret of ['stays', 'gone', 'webhook:x']) await api.secrets.put(scope, secret, null, sealed);
      await api.secrets.delete(scope, 'gone', null);
      await api.webhooks.create(scope, randomUUID(), {
        url: 'https://x.test',
        description: '',
        events: [],
        agent: null,
      });
      const none = Object.fromEntries(quotaNames.map((quota) => [quota, 0]));
      expect(await usedOf(scope)).toEqual({ ...none, keys: 1, secrets: 1, webhooks: 1 });
      expect(await usedOf(other)).toEqual({ ...none, keys: 1 });
    });

    test('of many who come at once, no more get in than there is room for', async () => {
      const scope = await newTenant(stores);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, () =>
          stores.api.transactions.run(scope, (inside) =>
            withinQuota(inside, quotas, scope, 'keys', () =>
              inside.keys.add(scope, newKey(scope.tenant, 'k', []).stored),
            ),
          ),
        ),
      );
      const refusals = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
      );
      expect(refusals).toHaveLength(12 - 3);
      for (const reason of refusals)
        expect(reason).toMatchObject({ code: 'quota_exceeded', members: { quota: 'keys', limit: 4, used: 4 } });
      expect((await stores.api.limits.count(scope, 'keys')).used).toBe(4);
    });

    test('of what is measured, as much gets in as there is room for', async () => {
      const scope = await newTenant(stores);
      const add = (megabytes: number) =>
        stores.api.transactions.run(scope, (inside) =>
          createUpload(inside, quotas, scope, {
            id: newUploadId(),
            name: 'a',
            mediaType: 'x/y',
            size: megabytes * 1_000_000,
            digest: 'a'.repeat(64),
          }),
        );
      await add(5);
      await expect(add(5)).rejects.toMatchObject({
        code: 'quota_exceeded',
        message: expect.stringContaining('has 5 MB of uploads, would have 10, and may have at most 9') as string,
        members: { quota: 'upload_megabytes', limit: 9, used: 5 },
      });
      await add(4);
    });

    test('what adds nothing passes, though there is too much', async () => {
      const scope = await newTenant(stores);
      await addKey(scope);
      const change = (work: () => Promise<unknown>) =>
        stores.api.transactions.run(scope, (inside) =>
          withinQuota(inside, { ...quotas, keys: 1 }, scope, 'keys', work),
        );
      expect(await change(() => Promise.resolve('changed'))).toBe('changed');
    });
  });
}
