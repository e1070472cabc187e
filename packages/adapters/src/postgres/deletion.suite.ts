import { randomUUID } from 'node:crypto';
import { appendTo, newRun, newTenant, newThread, projectionOf } from '@holdfast/testing';
import { plainRun } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenedStores } from './open-stores.suite.ts';

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

    test('of a run only the row that lets its files be removed is left, and that goes, too', async () => {
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
      expect(await tellingOf(ref.run)).toEqual([
        'artifacts',
        'attention',
        'due',
        'idempotency_keys',
        'run_events',
        'run_tags',
        'runs',
        'snapshots',
        'threads',
      ]);
      await stores.api.directory.delete(ref);
      expect(await tellingOf(ref.run)).toEqual(['due']);
      const left = await worker.outbox.pick('files', 10, 60_000);
      expect(left.map(({ subject }) => subject)).toEqual([ref.run]);
      for (const row of left) await worker.outbox.finish(row);
      expect(await tellingOf(ref.run)).toEqual([]);
    });

    test('the oldest runs of a tenant are found by an index, however many there are', async () => {
      const plan = await stores.database.connections.lend(async (sql) => {
        await sql.query('begin; set local enable_seqscan = off');
        const lines = await sql.query<Record<string, string>>(`explain
          select r.id from holdfast.runs r
          where r.tenant_id = '${randomUUID()}' and r.parent_id is null and r.ended_at < 5
          order by r.ended_at, r.id limit 50 for update skip locked`);
        await sql.query('rollback');
        return lines.map((line) => line['QUERY PLAN']).join('\n');
      });
      expect(plan).toContain('runs_ended');
      expect(plan).not.toContain('Sort');
    });
  });
}
