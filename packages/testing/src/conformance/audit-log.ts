import { type AuditEntry, type AuditFilter, type AuditVerdict, type TenantScope, verifyStored } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { draftOf, newTenant } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

const entryOf = (with_: Partial<AuditEntry> = {}): AuditEntry => ({
  operation: 'agents.publish',
  target: '/v1/agents/a',
  by: { type: 'api-key', id: 'k', roles: ['admin'] },
  requestId: 'r',
  detail: {},
  ...with_,
});

/** Lines come with the change or not at all, are numbered without gaps, and form a chain that can be checked. */
export function describeAuditLog(name: string, open: OpenStores): void {
  describe(`audit log: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const write = (scope: TenantScope, with_?: Partial<AuditEntry>): Promise<number> =>
      stores.api.transactions.run(scope, ({ audit }) => audit.write(scope, entryOf(with_)));
    const verdict = (scope: TenantScope): Promise<AuditVerdict> => verifyStored(stores.api.audit, scope);

    test('lines are numbered in their tenant, read newest first, and whole', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      expect(await verdict(scope)).toMatchObject({ type: 'whole', lines: 0 });
      const detail = { odd: 'NUL \u0000, a line\nbreak, \u{1f511}, half \ud800', list: [1.5, null] };
      expect(await write(scope, { detail })).toBe(1);
      expect(await write(scope, { operation: 'runs.cancel' })).toBe(2);
      expect(await write(other)).toBe(1);
      const { audit } = stores.api;
      const rows = await audit.list(scope, {}, null, 10);
      expect(rows.map(({ number }) => number)).toEqual([2, 1]);
      expect(rows[1]).toMatchObject({ operation: 'agents.publish', actor: 'k', target: '/v1/agents/a' });
      expect(JSON.parse(rows[1]?.line ?? '')).toEqual({
        by: { type: 'api-key', roles: ['admin'], name: null },
        from: null,
        requestId: 'r',
        before: null,
        after: null,
        outcome: 'done',
        detail,
      });
      expect(await audit.list(scope, { operation: 'runs.cancel' }, null, 10)).toEqual([rows[0]]);
      expect(await audit.list(scope, {}, 2, 10)).toEqual([rows[1]]);
      expect(await audit.list(scope, {}, null, 1)).toEqual([rows[0]]);
      expect(await verdict(scope)).toMatchObject({ type: 'whole', lines: 2 });
      expect(Math.abs((rows[0]?.at ?? 0) - stores.clock.now())).toBeLessThan(60_000);
    });

    test('lines are found by what they say', async () => {
      const scope = await newTenant(stores);
      const by = { type: 'person', id: 'p', roles: [] } as const;
      await write(scope, { target: '/v1/runs/a/pause', by: { ...by, roles: [] } });
      await write(scope, { target: '/v1/runs/ab' });
      await write(scope, { target: '/v1/runs/a', operation: 'runs.delete' });
      const { audit } = stores.api;
      const [newest] = await audit.list(scope, {}, null, 1);
      const at = newest?.at ?? 0;
      const found = async (filter: AuditFilter): Promise<number[]> =>
        (await audit.list(scope, filter, null, 10)).map(({ number }) => number);
      expect(await found({ target: '/v1/runs/a' })).toEqual([3, 1]);
      expect(await found({ target: '/v1/runs/%' })).toEqual([]);
      expect(await found({ actor: 'p' })).toEqual([1]);
      expect(await found({ operation: 'runs.delete', actor: 'k' })).toEqual([3]);
      expect(await found({ since: at + 1 })).toEqual([]);
      expect(await found({ until: at + 1 })).toEqual([3, 2, 1]);
      expect(await found({ since: at - 60_000, until: at - 59_000 })).toEqual([]);
    });

    test('what is hashed before the text is one line', async () => {
      const scope = await newTenant(stores);
      await expect(write(scope, { target: '/v1/a\nb' })).rejects.toThrow(/one line/);
      expect(await verdict(scope)).toMatchObject({ type: 'whole', lines: 0 });
    });

    test('a line goes with its change', async () => {
      const scope = await newTenant(stores);
      const failed = stores.api.transactions.run(scope, async ({ agents, audit }) => {
        await agents.publish(scope, draftOf('a'), {}, 'x');
        await audit.write(scope, entryOf());
        throw new Error('mine');
      });
      await expect(failed).rejects.toThrow('mine');
      expect(await stores.api.audit.list(scope, {}, null, 10)).toEqual([]);
      expect(await write(scope)).toBe(1);
    });

    test('those who write at the same time stand one behind the other', async () => {
      const scope = await newTenant(stores);
      const numbers = await Promise.all(Array.from({ length: 20 }, () => write(scope)));
      expect(new Set(numbers).size).toBe(20);
      expect(await verdict(scope)).toMatchObject({ type: 'whole', lines: 20 });
    });

    test('a tenant reads its own lines', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      await write(scope);
      expect(await stores.api.audit.list(other, {}, null, 10)).toEqual([]);
      expect(await stores.api.audit.chain(other, 0, 10)).toEqual([]);
      expect(await stores.api.audit.head(other)).toEqual({ number: 0, hash: '' });
    });
  });
}
