import { randomUUID } from 'node:crypto';
import type { Actor } from '@holdfast/contracts';
import { appendTo, newRun, newTenant, newThread, projectionOf } from '@holdfast/testing';
import { newBulk, plainRun, type TenantScope, worked } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenedStores } from './open-stores.suite.ts';

const DAY = 86_400_000;

/** Behind the ports: no row of any table still tells of a deleted run. */
export function describeErasure(name: string, open: () => Promise<OpenedStores>): void {
  describe(`erasure: ${name}`, () => {
    let stores: OpenedStores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const rows = (text: string): Promise<readonly Record<string, unknown>[]> =>
      stores.database.connections.lend((sql) => sql.query(text));
    /** Every table that holds the id in any column, or in any text. */
    const tellingOf = async (id: string): Promise<string[]> => {
      const tables = await rows(`
        select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'holdfast' and c.relkind = 'r' order by c.relname`);
      const found: string[] = [];
      for (const { name: table } of tables) {
        const [hit] = await rows(`select 1 from holdfast.${String(table)} t where t::text like '%${id}%' limit 1`);
        if (hit !== undefined) found.push(String(table));
      }
      return found;
    };

    /** An operation that has tried its work with this run alone. */
    const bulkOf = async (scope: TenantScope, run: string, ended: boolean): Promise<string> => {
      const by: Actor = { type: 'api-key', id: 'k', roles: ['operator'] };
      const bulk = newBulk({ id: randomUUID(), work: { type: 'resume' }, filter: {}, by }, stores.database.clock.now());
      const outcome = { type: 'failed', run, code: 'internal', detail: `no ${run}` } as const;
      await stores.api.transactions.run(scope, async (inside) => {
        await inside.bulk.create(scope, bulk);
        const first = worked(bulk, [outcome], run, bulk.createdAt);
        await inside.bulk.save(scope, ended ? worked(first, [], null, bulk.createdAt) : first);
      });
      return bulk.id;
    };
    const ageBulk = (id: string, days: number): Promise<unknown> =>
      rows(`update holdfast.bulk_operations set created_at = created_at - ${days * DAY},
        ended_at = ended_at - ${days * DAY} where id = '${id}'`);

    test('of a run what lets its files be removed is left, and bulk operations for some days; they go, too', async () => {
      const scope = await newTenant(stores);
      const thread = await newThread(stores, scope);
      const ref = await newRun(stores, scope, { attributes: { ...plainRun, tags: ['a', 'b'], thread } });
      const open_ = { ref: 'a', kind: 'limit', call: null, role: null, since: 1, until: null, detail: '{}' } as const;
      const projection = projectionOf({
        status: 'failed',
        attention: { opened: [open_], closed: [] },
        artifacts: [{ digest: 'aa', name: null, mediaType: 'text/plain', size: 1 }],
        outbox: [
          { kind: 'child', subject: ref.run, at: 9e12 },
          { kind: 'expiry', subject: ref.run, at: 9e12 },
        ],
      });
      const request = { key: 'k', principal: 'p', route: 'r', bodyHash: 'h' };
      await stores.api.transactions.once(scope, request, async ({ runs }) => {
        await runs.append(appendTo(ref, 1, { projection }));
        return { status: 200, body: JSON.stringify({ id: ref.run }), about: ref.run };
      });
      const worker = await stores.worker('me');
      await worker.runs.saveSnapshot(ref, { seq: 1, format: 'x', body: '{}' });
      await rows(`update holdfast.threads set last_run = '${ref.run}', last_seq = 1 where id = '${thread}'`);
      const bulk = await bulkOf(scope, ref.run, true);
      expect(await tellingOf(ref.run)).toEqual([
        'artifacts',
        'attention',
        'bulk_operations',
        'due',
        'idempotency_keys',
        'run_events',
        'run_tags',
        'runs',
        'snapshots',
        'threads',
      ]);
      await stores.api.directory.delete(ref);
      expect(await tellingOf(ref.run)).toEqual(['bulk_operations', 'due']);
      const left = await worker.outbox.pick('files', 10, 60_000);
      expect(left.map(({ subject }) => subject)).toEqual([ref.run]);
      for (const row of left) await worker.outbox.finish(row);
      expect(await tellingOf(ref.run)).toEqual(['bulk_operations']);
      await ageBulk(bulk, 31);
      await (await stores.database.worker('housekeeper')).housekeep();
      expect(await tellingOf(ref.run)).toEqual([]);
    });

    test('bulk operations of every tenant are kept for 30 days after their end, and until then', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const [young, old, live] = [
        await bulkOf(scope, randomUUID(), true),
        await bulkOf(other, randomUUID(), true),
        await bulkOf(other, randomUUID(), false),
      ];
      await ageBulk(young, 29);
      await ageBulk(old, 31);
      await ageBulk(live, 31);
      const { housekeep } = await stores.database.worker('housekeeper');
      expect([await housekeep(), await housekeep()]).toEqual([1, 0]);
      expect(await stores.api.bulk.get(scope, young)).not.toBeNull();
      expect(await stores.api.bulk.get(other, old)).toBeNull();
      expect(await stores.api.bulk.get(other, live)).not.toBeNull();
    });

    test('the oldest runs of a tenant are found by an index, however many there are', async () => {
      const [body] = await rows("select prosrc from pg_proc where oid = 'holdfast.delete_expired'::regproc");
      const query = /for v_root in\n(?<query>.*?)\n\s*loop/s.exec(String(body?.['prosrc']))?.groups?.['query'];
      if (query === undefined) throw new Error('delete_expired has no loop over the runs at the top');
      const plan = await stores.database.connections.lend(async (sql) => {
        // As the function itself sets it.
        await sql.query('begin; set local enable_seqscan = off');
        const lines = await sql.query<Record<string, string>>(
          `explain ${query.replace('v_tenant', `'${randomUUID()}'`).replace('v_before', '5').replace('p_runs', '50')}`,
        );
        await sql.query('rollback');
        return lines.map((line) => line['QUERY PLAN']).join('\n');
      });
      expect(plan).toContain('runs_ended');
      expect(plan).not.toContain('Sort');
    });
  });
}
