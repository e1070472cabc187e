import { randomUUID } from 'node:crypto';
import {
  type BulkOperation,
  counted,
  type FittingRuns,
  newBulk,
  type OutboxRow,
  plainRun,
  type RunFilter,
  type RunStatus,
  type TenantScope,
  worked,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, idAt, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

/** Bulk operations: their rows, their place in the outbox, and the runs that they are about, page by page. */
export function describeBulkStore(name: string, open: OpenStores): void {
  describe(`bulk store: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());

    const bulkAt = (index: number, with_: Partial<BulkOperation> = {}): BulkOperation => ({
      ...newBulk(
        {
          id: idAt(index),
          work: { type: 'fork', changes: { alias: 'prod', metadata: { odd: 'half \ud800, NUL \u0000' } } },
          filter: { agent: 'librarian', createdAfter: 1, status: 'failed' },
          by: { type: 'api-key', id: 'k', roles: ['operator', 'viewer'] },
        },
        stores.clock.now() - 1_000,
      ),
      ...with_,
    });
    const create = (scope: TenantScope, bulk: BulkOperation): Promise<void> =>
      stores.api.transactions.run(scope, (inside) => inside.bulk.create(scope, bulk));
    const offered = async (): Promise<readonly OutboxRow[]> => {
      const rows = await me.outbox.pick('bulk', 100, 60_000);
      for (const row of rows) await me.outbox.finish(row);
      return rows;
    };

    test('is found as it was asked for, by both sides, in its tenant', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const bulk = bulkAt(1);
      await create(scope, bulk);
      for (const side of [stores.api, me]) {
        expect(await side.bulk.get(scope, bulk.id)).toEqual(bulk);
        expect(await side.bulk.get(other, bulk.id)).toBeNull();
        expect(await side.bulk.get(scope, randomUUID())).toBeNull();
        expect(await side.bulk.get(scope, 'none')).toBeNull();
      }
    });

    test('is left to any worker by the transaction that made it, or not at all', async () => {
      const scope = await newTenant(stores);
      await offered();
      const bulk = bulkAt(1);
      const failing = stores.api.transactions.run(scope, async (inside) => {
        await inside.bulk.create(scope, bulk);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await offered()).toEqual([]);
      expect(await stores.api.bulk.get(scope, bulk.id)).toBeNull();
      await create(scope, bulk);
      expect(await offered()).toMatchObject([{ kind: 'bulk', tenant: scope.tenant, subject: bulk.id, attempt: 1 }]);
    });

    test('is listed newest first, in pages', async () => {
      const scope = await newTenant(stores);
      const all = [bulkAt(1), bulkAt(2), bulkAt(3)];
      for (const bulk of all) await create(scope, bulk);
      const [one, two, three] = all.map(({ id }) => id);
      const ids = async (before: string | null, limit: number) =>
        (await stores.api.bulk.list(scope, before, limit)).map(({ id }) => id);
      expect(await ids(null, 2)).toEqual([three, two]);
      expect(await ids(two ?? '', 2)).toEqual([one]);
    });

    test('a step is kept with what else its transaction does, and one that has ended stays as it is', async () => {
      const scope = await newTenant(stores);
      const bulk = bulkAt(1);
      await create(scope, bulk);
      const outcomes = [
        { type: 'done' },
        { type: 'skipped', code: 'run_ended' },
        { type: 'failed', run: randomUUID(), code: 'internal', detail: 'odd \ud800 \u0000' },
      ] as const;
      const next = worked(counted(bulk, 7, null, 5), outcomes, randomUUID(), 6);
      const failing = me.transactions.run(scope, async (inside) => {
        expect(await inside.bulk.lock(scope, bulk.id)).toEqual(bulk);
        await inside.bulk.save(scope, next);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await stores.api.bulk.get(scope, bulk.id)).toEqual(bulk);
      await me.transactions.run(scope, (inside) => inside.bulk.save(scope, next));
      expect(await stores.api.bulk.get(scope, bulk.id)).toEqual(next);
      const end = worked(next, [], null, 7);
      await me.transactions.run(scope, (inside) => inside.bulk.save(scope, end));
      await stores.api.transactions.run(scope, (inside) => inside.bulk.save(scope, bulk));
      expect(await stores.api.bulk.get(scope, bulk.id)).toEqual(end);
      expect(await me.transactions.run(scope, (inside) => inside.bulk.lock(scope, randomUUID()))).toBeNull();
    });

    test('two transactions take their steps one after the other', async () => {
      const scope = await newTenant(stores);
      const bulk = bulkAt(1);
      await create(scope, bulk);
      const steps = Array.from({ length: 8 }, () =>
        me.transactions.run(scope, async (inside) => {
          const now = await inside.bulk.lock(scope, bulk.id);
          if (now === null) throw new Error('it is gone');
          await inside.bulk.save(scope, counted(now, 1, bulk.id, now.updatedAt));
        }),
      );
      await Promise.all(steps);
      expect(await stores.api.bulk.get(scope, bulk.id)).toMatchObject({ counted: 8 });
    });

    test('a run is changed and forked by the worker in the same transaction', async () => {
      const scope = await newTenant(stores);
      const source = await newRun(stores, scope);
      const end = projectionOf({ status: 'failed' });
      const summary = await me.transactions.run(scope, async (inside) => {
        expect((await inside.directory.lock(source))?.head).toBe(1);
        expect(await inside.runs.append(appendTo(source, 1, { projection: end }))).toEqual({
          type: 'accepted',
          head: 2,
        });
        return inside.directory.get(source);
      });
      if (summary === null) throw new Error('the run is gone');
      const fork = { ...scope, run: randomUUID() };
      const stored = await me.runs.load(source);
      const made = await me.transactions.run(scope, async (inside) => {
        const copied = await inside.directory.copy({
          ...fork,
          source: { run: source.run, head: 2, at: 1 },
          agent: summary.agent,
          versionId: stored?.versionId ?? '',
          version: summary.version,
          attributes: plainRun,
          metadata: {},
          createdAt: stores.clock.now(),
        });
        return copied && (await inside.runs.append(appendTo(fork, 1))).type;
      });
      expect(made).toBe('accepted');
      expect(await me.directory.get(fork)).toMatchObject({ head: 2 });
    });

    describe('the runs that fit', () => {
      let scope: TenantScope;
      const thread = randomUUID();
      const parent = randomUUID();
      const runs: string[] = [];
      const statuses: RunStatus[] = [
        'queued',
        'failed',
        'waiting',
        'succeeded',
        'failed',
        'paused',
        'queued',
        'failed',
      ];
      beforeAll(async () => {
        scope = await newTenant(stores);
        await newRun(stores, await newTenant(stores), { run: idAt(9), attributes: { ...plainRun, tags: ['odd'] } });
        for (const [index, status] of statuses.entries()) {
          const attributes = {
            ...plainRun,
            tags: index % 2 === 1 ? ['odd', 'all'] : ['all'],
            ...(index < 3 ? { parent: { run: parent, call: '1.0' } } : {}),
            ...(index > 5 ? { thread } : {}),
          };
          const agent = index < 4 ? 'writer' : 'librarian';
          const ref = await newRun(stores, scope, { run: idAt(index), agent, attributes });
          await stores.api.runs.append(appendTo(ref, 1, { projection: projectionOf({ status }) }));
          runs.push(ref.run);
        }
      });

      const places = ({ runs: fitting }: FittingRuns): number[] => fitting.map(({ run }) => runs.indexOf(run));
      /** All pages of `limit` runs each, and how many there were. */
      const walk = async (filter: RunFilter, limit: number) => {
        const found: number[] = [];
        let pages = 0;
        for (let before: string | null = null; ;) {
          const page: FittingRuns = await me.bulk.fitting(scope, filter, before, limit);
          found.push(...places(page));
          pages += 1;
          if (page.next === null) return { found, pages };
          before = page.next;
        }
      };

      test.each<[string, RunFilter, number[]]>([
        ['all', {}, [7, 6, 5, 4, 3, 2, 1, 0]],
        ['of an agent', { agent: 'writer' }, [3, 2, 1, 0]],
        ['that failed', { status: 'failed' }, [7, 4, 1]],
        ['that live', { status: 'queued' }, [6, 0]],
        ['of an agent that failed', { agent: 'librarian', status: 'failed' }, [7, 4]],
        ['with a tag', { tag: 'odd' }, [7, 5, 3, 1]],
        ['with a tag and a status', { tag: 'odd', status: 'failed' }, [7, 1]],
        ['with a tag of nobody', { tag: 'none' }, []],
        ['below a run', { parent }, [2, 1, 0]],
        ['below a run, of another version', { parent, version: 2 }, []],
        ['in a thread', { thread }, [7, 6]],
        ['in a thread, with a tag', { thread, tag: 'odd' }, [7]],
        ['of a time', { createdBefore: 1_750_000_000_000 }, []],
        ['since a time', { createdAfter: 0, tag: 'odd' }, [7, 5, 3, 1]],
      ])('%s', async (_what, filter, expected) => {
        for (const limit of [1, 3, 100]) expect((await walk(filter, limit)).found).toEqual(expected);
      });

      test('come with their status, and no page looks further than it may', async () => {
        const page = await me.bulk.fitting(scope, { status: 'succeeded', agent: 'librarian' }, null, 2);
        expect(page).toEqual({ runs: [], next: null });
        const { runs: fitting } = await me.bulk.fitting(scope, { tag: 'all' }, runs[6] ?? '', 2);
        expect(fitting).toEqual([
          { run: runs[5], status: 'paused' },
          { run: runs[4], status: 'failed' },
        ]);
        // Eight runs of which none fits, two at a time.
        expect(await walk({ version: 99 }, 2)).toEqual({ found: [], pages: 5 });
      });
    });
  });
}
