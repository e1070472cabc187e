import { plainRun, type RunRef, type TenantScope, verifyStored } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, eventAt, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

const DAY = 86_400_000;

/** Deletion by age. Runs end when their last event says, so tests date them back. */
export function describeRetention(name: string, open: OpenStores): void {
  describe(`retention: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());

    const endedAgo = async (scope: TenantScope, days: number, parent?: RunRef): Promise<RunRef> => {
      const at = stores.clock.now() - days * DAY;
      const attributes = { ...plainRun, parent: parent === undefined ? null : { run: parent.run, call: '5.0' } };
      const ref = await newRun(stores, scope, { attributes, event: eventAt(1, { type: 'run.created', at }) });
      const events = [eventAt(2, { at })];
      await stores.api.runs.append(appendTo(ref, 1, { events, projection: projectionOf({ status: 'succeeded' }) }));
      return ref;
    };
    const keeps = async (days: number | null): Promise<TenantScope> => {
      const scope = await newTenant(stores);
      await stores.api.retention.set(scope, days);
      return scope;
    };
    const limits = { runs: 10, events: 1_000 };
    const expire = async (scope: TenantScope, over: Partial<typeof limits> = {}) =>
      me.expired.delete(scope, { ...limits, ...over });
    const isThere = async (ref: RunRef): Promise<boolean> => (await stores.api.directory.get(ref)) !== null;
    const looks = async ({ tenant }: TenantScope) =>
      (await me.outbox.pick('retention', 1_000, 0)).filter((row) => row.tenant === tenant);

    test('runs are kept for ever until somebody says otherwise', async () => {
      const scope = await newTenant(stores);
      const old = await endedAgo(scope, 4_000);
      expect(await stores.api.retention.get(scope)).toBeNull();
      expect(await looks(scope)).toEqual([]);
      expect(await expire(scope)).toBeNull();
      expect(await isThere(old)).toBe(true);
    });

    test('what is set is read again, makes a worker look, and may be taken back', async () => {
      const scope = await keeps(30);
      expect(await stores.api.retention.get(scope)).toBe(30);
      expect(await looks(scope)).toMatchObject([{ subject: scope.tenant }]);
      await stores.api.retention.set(scope, 7);
      expect(await stores.api.retention.get(scope)).toBe(7);
      await stores.api.retention.set(scope, null);
      expect(await stores.api.retention.get(scope)).toBeNull();
      expect(await looks(scope)).toEqual([]);
      expect(await stores.api.retention.get(await newTenant(stores))).toBeNull();
    });

    test('who changes it from a state that another is just leaving is too late', async () => {
      const scope = await keeps(30);
      const is30 = (now: number | null): boolean => now === 30;
      const { late } = await stores.api.transactions.run(scope, async ({ retention }) => {
        expect(await retention.set(scope, 1, is30)).toBe('set');
        const second = stores.api.retention.set(scope, 2, is30);
        // Time for the second to come as far as it can.
        for (let look = 0; look < 50; look += 1) expect(await retention.get(scope)).toBe(1);
        return { late: second };
      });
      expect(await late).toBe('stale');
      expect(await stores.api.retention.get(scope)).toBe(1);
    });

    test('what ended longer ago is deleted, and nothing else, of this tenant alone', async () => {
      const [scope, other] = [await keeps(30), await keeps(3_000)];
      const [old, young, live] = [await endedAgo(scope, 31), await endedAgo(scope, 29), await newRun(stores, scope)];
      const theirs = await endedAgo(other, 31);
      const deleted = await expire(scope);
      expect(deleted?.runs).toEqual([old.run]);
      // When the younger one is due.
      expect(Math.abs((deleted?.nextAt ?? 0) - stores.clock.now() - DAY)).toBeLessThan(60_000);
      expect(await Promise.all([old, young, live, theirs].map(isThere))).toEqual([false, true, true, true]);
      expect((await me.outbox.pick('files', 1_000, 0)).map(({ subject }) => subject)).toContain(old.run);
      expect((await expire(other))?.runs).toEqual([]);
    });

    test('those below go with the run at the top, and by its age', async () => {
      const scope = await keeps(30);
      const [young, old] = [await endedAgo(scope, 1), await endedAgo(scope, 40)];
      const [kept, gone] = [await endedAgo(scope, 40, young), await endedAgo(scope, 40, old)];
      expect((await expire(scope))?.runs.toSorted()).toEqual([old.run, gone.run].toSorted());
      expect(await isThere(kept)).toBe(true);
    });

    test('a run with a live one below it waits, and holds up nobody', async () => {
      const scope = await keeps(30);
      const [top, later] = [await endedAgo(scope, 50), await endedAgo(scope, 40)];
      const child = await newRun(stores, scope, {
        attributes: { ...plainRun, parent: { run: top.run, call: '5.0' } },
      });
      const deleted = await expire(scope);
      expect(deleted?.runs).toEqual([later.run]);
      expect(deleted?.nextAt).toBeLessThan(stores.clock.now());
      await stores.api.runs.append(appendTo(child, 1, { projection: projectionOf({ status: 'cancelled' }) }));
      expect((await expire(scope))?.runs.toSorted()).toEqual([top.run, child.run].toSorted());
    });

    test('many that wait for a live run far below them hold up nobody either', async () => {
      const scope = await keeps(30);
      for (let index = 0; index < 4; index += 1) {
        const middle = await endedAgo(scope, 50, await endedAgo(scope, 50));
        await newRun(stores, scope, { attributes: { ...plainRun, parent: { run: middle.run, call: '5.0' } } });
      }
      const later = await endedAgo(scope, 40);
      expect((await expire(scope, { runs: 3 }))?.runs).toEqual([later.run]);
    });

    test('goes in small batches, the oldest first', async () => {
      const scope = await keeps(1);
      const runs: string[] = [];
      for (let index = 0; index < 5; index += 1) runs.push((await endedAgo(scope, 50 - index)).run);
      expect((await expire(scope, { runs: 2 }))?.runs.toSorted()).toEqual(runs.slice(0, 2).toSorted());
      // Each has two events.
      expect((await expire(scope, { events: 3 }))?.runs.toSorted()).toEqual(runs.slice(2, 4).toSorted());
      expect(await expire(scope)).toEqual({ runs: runs.slice(4), nextAt: null });
      expect(await expire(scope)).toEqual({ runs: [], nextAt: null });
    });

    test('several workers at once delete each run once', async () => {
      const scope = await keeps(1);
      const runs: string[] = [];
      for (let index = 0; index < 12; index += 1) runs.push((await endedAgo(scope, 50)).run);
      const batches = await Promise.all(Array.from({ length: 4 }, () => expire(scope, { runs: 4 })));
      const rest = await expire(scope, { runs: 12 });
      expect([...batches, rest].flatMap((batch) => batch?.runs ?? []).toSorted()).toEqual(runs.toSorted());
    });

    test('each batch leaves one line in the audit log, as the system’s', async () => {
      const scope = await keeps(30);
      const [one, two] = [await endedAgo(scope, 41), await endedAgo(scope, 40)];
      await endedAgo(scope, 40, one);
      await expire(scope);
      await expire(scope);
      const rows = await stores.api.audit.list(scope, { operation: 'runs.delete' }, null, 10);
      expect(rows).toMatchObject([{ actor: 'retention', target: '/v1/runs' }]);
      expect(rows.map(({ line }) => JSON.parse(line) as unknown)).toEqual([
        {
          by: { type: 'system', roles: [], name: null },
          from: null,
          requestId: '',
          before: null,
          after: null,
          outcome: 'done',
          detail: { retention_days: 30, deleted: 3, runs: [one.run, two.run] },
        },
      ]);
      expect(await verifyStored(stores.api.audit, scope)).toMatchObject({ type: 'whole' });
    });

    test('a tenant is known by its agents', async () => {
      const scope = await newTenant(stores);
      expect(await me.hasTenant(scope)).toBe(false);
      await newRun(stores, scope);
      expect(await me.hasTenant(scope)).toBe(true);
    });
  });
}
