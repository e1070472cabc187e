import { newTenant } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenedStores } from './open-stores.suite.ts';

const hours = 3_600_000;

/** Replies are kept for 24 hours and no longer. */
export function describeIdempotencyKeys(name: string, open: () => Promise<OpenedStores>): void {
  describe(`idempotency keys: ${name}`, () => {
    let stores: OpenedStores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const request = { key: 'k', principal: 'p', route: 'r', bodyHash: 'h' };
    const once = (scope: { tenant: string }, bodyHash = 'h') =>
      stores.api.transactions.once(scope, { ...request, bodyHash }, async () => ({ status: 200, body: '{}' }));
    const age = (tenant: string, ms: number): Promise<unknown> =>
      stores.database.connections.lend((sql) =>
        sql.query('update holdfast.idempotency_keys set created_at = created_at - $2::bigint where tenant_id = $1', [
          tenant,
          ms,
        ]),
      );

    test('a key is good again after 24 hours, for another body too', async () => {
      const scope = await newTenant(stores);
      expect((await once(scope)).type).toBe('first');
      await age(scope.tenant, 23 * hours);
      expect((await once(scope)).type).toBe('repeated');
      const { transactions } = stores.api;
      expect((await transactions.kept(scope, request))?.type).toBe('repeated');
      await age(scope.tenant, 2 * hours);
      expect(await transactions.kept(scope, request)).toBeNull();
      expect((await once(scope, 'other')).type).toBe('first');
      expect((await once(scope)).type).toBe('mismatch');
    });

    test('old keys are deleted, those of every tenant, and no others', async () => {
      const [old, recent] = [await newTenant(stores), await newTenant(stores)];
      await once(old);
      await once(recent);
      await age(old.tenant, 25 * hours);
      const { housekeep } = await stores.database.worker('me');
      expect(await housekeep()).toBe(1);
      expect(await housekeep()).toBe(0);
      expect((await once(recent)).type).toBe('repeated');
      expect((await once(old)).type).toBe('first');
    });
  });
}
