import { randomUUID } from 'node:crypto';
import { type NewRun, plainRun, type RunRef, type TenantScope } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, claim, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

/** Who may be claimed, in which order, and never more at once than there are slots. */
export function describeScheduleStore(name: string, open: OpenStores): void {
  describe(`schedule store: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    const made: RunRef[] = [];
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());
    // What one test leaves due would take part in the next.
    afterEach(async () => {
      for (const run of made.splice(0)) await end(run);
    });

    const end = async (run: RunRef): Promise<void> => {
      const head = (await me.runs.load(run))?.head ?? 0;
      await stores.api.runs.append(appendTo(run, head, { projection: projectionOf({ status: 'cancelled' }) }));
    };
    const queue = async (scope: TenantScope, with_: Partial<NewRun> = {}): Promise<string> => {
      const run = await newRun(stores, scope, with_);
      made.push(run);
      return run.run;
    };
    const queueMany = async (scope: TenantScope, count: number): Promise<string[]> => {
      const runs: string[] = [];
      for (let index = 0; index < count; index += 1) runs.push(await queue(scope));
      return runs;
    };
    const pick = async (limit = 100, reserveMs = 60_000): Promise<string[]> =>
      (await me.schedule.pick(limit, reserveMs)).map(({ run }) => run);
    const tenantOf = (run: string): string | undefined => made.find((ref) => ref.run === run)?.tenant;
    const refOf = (run: string): RunRef => ({ run, tenant: tenantOf(run) ?? '' });
    const dueIn = (ms: number) => projectionOf({ status: 'waiting', dueAt: stores.clock.now() + ms });
    const release = (run: string, head: number, ms: number) =>
      me.runs.append(appendTo(refOf(run), head, { worker: 'me', release: true, projection: dueIn(ms) }));

    test('says whose a run is, and whether it was claimed before', async () => {
      const scope = await newTenant(stores);
      const run = await queue(scope, { agent: 'writer' });
      expect(await me.schedule.pick(10, 0)).toEqual([{ ...scope, run, agent: 'writer', begun: false, weight: 1 }]);
      await claim(stores, { ...scope, run }, 'me');
      await release(run, 2, 0);
      expect(await me.schedule.pick(10, 0)).toEqual([{ ...scope, run, agent: 'writer', begun: true, weight: 1 }]);
    });

    test('a due run is offered once, until its reservation ends', async () => {
      const run = await queue(await newTenant(stores));
      expect(await pick(10, 0)).toEqual([run]);
      expect(await pick(10, 60_000)).toEqual([run]);
      expect(await pick(10, 60_000)).toEqual([]);
    });

    test('a run that is due later is not offered, and its time is told', async () => {
      const later = stores.clock.now() + 3_600_000;
      await queue(await newTenant(stores), { projection: projectionOf({ status: 'queued', dueAt: later }) });
      await queue(await newTenant(stores), { projection: projectionOf({ status: 'queued', dueAt: later + 1 }) });
      expect(await pick()).toEqual([]);
      expect(await me.schedule.nextDue()).toEqual({ at: later, waiting: false });
    });

    test('what is due already is no time to wait for', async () => {
      await queue(await newTenant(stores, 0));
      expect(await pick()).toEqual([]);
      expect(await me.schedule.nextDue()).toEqual({ at: null, waiting: true });
    });

    test('no more than the limit are offered; the rest follows', async () => {
      const runs = await queueMany(await newTenant(stores), 5);
      const first = await pick(3);
      expect(first).toHaveLength(3);
      const second = await pick(3);
      expect(second).toHaveLength(2);
      expect([...first, ...second].toSorted()).toEqual(runs.toSorted());
    });

    test("a tenant's slots bound what is offered and held; a release frees one", async () => {
      const scope = await newTenant(stores, 2);
      const runs = await queueMany(scope, 4);
      const offered = await pick();
      expect(offered).toHaveLength(2);
      expect(await pick()).toEqual([]);
      const [one = '', two = ''] = offered;
      await claim(stores, refOf(one), 'me');
      await claim(stores, refOf(two), 'me');
      expect(await pick()).toEqual([]);
      await release(one, 2, 3_600_000);
      const next = await pick();
      expect(next).toHaveLength(1);
      expect(runs).toContain(next[0]);
      expect(offered).not.toContain(next[0]);
      expect(await pick()).toEqual([]);
    });

    test('the end of a run frees its slot', async () => {
      const scope = await newTenant(stores, 1);
      await queueMany(scope, 2);
      const [first = ''] = await pick();
      await claim(stores, refOf(first), 'me');
      expect(await pick()).toEqual([]);
      await end(refOf(first));
      expect(await pick()).toHaveLength(1);
    });

    test("an agent's own bound leaves room for other agents", async () => {
      const scope = await newTenant(stores);
      await queue(scope, { agent: 'narrow', attributes: { ...plainRun, agentConcurrency: 1 } });
      await queue(scope, { agent: 'narrow', attributes: { ...plainRun, agentConcurrency: 1 } });
      const wide = await queue(scope, { agent: 'wide' });
      const offered = await pick();
      expect(offered).toHaveLength(2);
      expect(offered).toContain(wide);
      const narrow = offered.find((run) => run !== wide) ?? '';
      await claim(stores, refOf(narrow), 'me');
      expect(await pick()).toEqual([]);
      await end(refOf(narrow));
      expect(await pick()).toHaveLength(1);
    });

    test('tenants take turns, however much one of them queued before', async () => {
      const [greedy, modest] = [await newTenant(stores), await newTenant(stores)];
      await queueMany(greedy, 6);
      await queueMany(modest, 3);
      const order: (string | undefined)[] = [];
      for (let index = 0; index < 6; index += 1) order.push(...(await pick(1)).map(tenantOf));
      for (let pair = 0; pair < 6; pair += 2) {
        expect(new Set(order.slice(pair, pair + 2))).toEqual(new Set([greedy.tenant, modest.tenant]));
      }
      expect(await pick()).toHaveLength(3);
    });

    test('tenants take turns within one offer too', async () => {
      const [greedy, modest] = [await newTenant(stores), await newTenant(stores)];
      await queueMany(greedy, 6);
      await queueMany(modest, 2);
      const tenants = (await pick(4)).map(tenantOf);
      expect(tenants.filter((tenant) => tenant === modest.tenant)).toHaveLength(2);
    });

    test('a tenant that comes back has saved up nothing', async () => {
      const [busy, back] = [await newTenant(stores), await newTenant(stores)];
      await queueMany(busy, 12);
      for (let index = 0; index < 6; index += 1) await pick(1);
      await queueMany(back, 4);
      const order: (string | undefined)[] = [];
      for (let index = 0; index < 4; index += 1) order.push(...(await pick(1)).map(tenantOf));
      expect(order.filter((tenant) => tenant === busy.tenant).length).toBeGreaterThanOrEqual(1);
      expect(order.filter((tenant) => tenant === back.tenant).length).toBeGreaterThanOrEqual(2);
    });

    test('a tenant without room does not hold up the others', async () => {
      const [full, free] = [await newTenant(stores, 0), await newTenant(stores)];
      await queueMany(full, 3);
      const runs = await queueMany(free, 2);
      expect((await pick(2)).toSorted()).toEqual(runs.toSorted());
    });

    test('a run that has begun goes before fresh ones, and needs a slot again', async () => {
      const scope = await newTenant(stores, 1);
      const begun = await queue(scope);
      expect(await pick()).toEqual([begun]);
      await claim(stores, refOf(begun), 'me');
      await queueMany(scope, 2);
      await release(begun, 2, 0);
      expect(await pick()).toEqual([begun]);
      expect(await pick()).toEqual([]);
      expect(await claim(stores, refOf(begun), 'me', 3)).toEqual({ type: 'accepted', head: 4 });
    });

    const prioritised = (priority: number) => ({ attributes: { ...plainRun, priority } });

    test('within a tenant the higher priority goes first, then the older run', async () => {
      const scope = await newTenant(stores, 1);
      const low = await queue(scope, prioritised(-5));
      // Made one after the other they may share their millisecond, and their order is open.
      const now = stores.clock.now();
      const queuedAgo = (ms: number) =>
        queue(scope, { projection: projectionOf({ status: 'queued', dueAt: now - ms }) });
      const younger = await queuedAgo(10);
      const older = await queuedAgo(20);
      const high = await queue(scope, prioritised(7));
      const highest = await queue(scope, prioritised(100));
      const order: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        const [next = ''] = await pick();
        order.push(next);
        await end(refOf(next));
      }
      expect(order).toEqual([highest, high, older, younger, low]);
    });

    test('a run that has begun goes before a fresh one of higher priority', async () => {
      const scope = await newTenant(stores, 1);
      const begun = await queue(scope, prioritised(-1));
      expect(await pick()).toEqual([begun]);
      await claim(stores, refOf(begun), 'me');
      const fresh = await queue(scope, prioritised(9));
      await release(begun, 2, 0);
      expect(await pick()).toEqual([begun]);
      await end(refOf(begun));
      expect(await pick()).toEqual([fresh]);
    });

    test('a run of high priority that is not due yet holds up nobody', async () => {
      const scope = await newTenant(stores);
      await queue(scope, {
        ...prioritised(9),
        projection: projectionOf({ status: 'queued', dueAt: stores.clock.now() + 3_600_000 }),
      });
      const plain = await queue(scope);
      expect(await pick()).toEqual([plain]);
    });

    test('priority does not reach beyond its tenant', async () => {
      const [greedy, modest] = [await newTenant(stores), await newTenant(stores)];
      for (let index = 0; index < 3; index += 1) await queue(greedy, prioritised(100));
      await queue(modest);
      const tenants = (await pick(2)).map(tenantOf);
      expect(new Set(tenants).size).toBe(2);
    });

    const keyed = (concurrencyKey: string, priority = 0) => ({
      attributes: { ...plainRun, concurrencyKey, priority },
    });

    test('of one concurrency key one run is at work at a time: admitted, then held, until it lets go', async () => {
      const scope = await newTenant(stores);
      const first = await queue(scope, keyed('a'));
      const second = await queue(scope, keyed('a'));
      const other = await queue(scope, keyed('b'));
      const plain = await queue(scope);
      expect((await pick()).toSorted()).toEqual([first, other, plain].toSorted());
      expect(await pick()).toEqual([]);
      await claim(stores, refOf(first), 'me');
      expect(await pick()).toEqual([]);
      await release(first, 2, 0);
      // The one that has begun goes on before the next begins.
      expect(await pick()).toEqual([first]);
      await end(refOf(first));
      expect(await pick()).toEqual([second]);
    });

    test('a run that waits for long leaves its concurrency key to the next', async () => {
      const scope = await newTenant(stores);
      const [first, second] = [await queue(scope, keyed('a')), await queue(scope, keyed('a'))];
      expect(await pick()).toEqual([first]);
      await claim(stores, refOf(first), 'me');
      await release(first, 2, 3_600_000);
      expect(await pick()).toEqual([second]);
    });

    test('a crowd of one key holds up nobody behind it, and its highest priority goes first', async () => {
      const scope = await newTenant(stores);
      for (let index = 0; index < 5; index += 1) await queue(scope, keyed('a'));
      const urgent = await queue(scope, keyed('a', 1));
      const plain = await queue(scope);
      expect((await pick(3)).toSorted()).toEqual([urgent, plain].toSorted());
      expect(await pick()).toEqual([]);
    });

    test('the same concurrency key of two tenants is two keys', async () => {
      const runs = [await queue(await newTenant(stores), keyed('a')), await queue(await newTenant(stores), keyed('a'))];
      expect((await pick()).toSorted()).toEqual(runs.toSorted());
    });

    test('offers made at the same time share no concurrency key', async () => {
      const scope = await newTenant(stores);
      for (let index = 0; index < 6; index += 1) await queue(scope, keyed('a'));
      const offers = await Promise.all(Array.from({ length: 6 }, () => pick(3)));
      expect([...offers.flat(), ...(await pick())]).toHaveLength(1);
    });

    test('who speaks to a queued run does not take its slot away', async () => {
      const scope = await newTenant(stores, 1);
      const run = await queue(scope);
      expect(await pick(10, 0)).toEqual([run]);
      const projection = projectionOf({ status: 'queued', dueAt: stores.clock.now() });
      await stores.api.runs.append(appendTo(refOf(run), 1, { projection }));
      expect(await pick(10, 60_000)).toEqual([run]);
      expect(await claim(stores, refOf(run), 'me', 2)).toEqual({ type: 'accepted', head: 3 });
    });

    test('a run that is put off gives its slot back', async () => {
      const scope = await newTenant(stores, 1);
      const run = await queue(scope);
      expect(await pick()).toEqual([run]);
      await stores.api.runs.append(appendTo(refOf(run), 1, { projection: dueIn(3_600_000) }));
      expect(await claim(stores, refOf(run), 'me', 2)).toEqual({ type: 'not-yours' });
      const next = await queue(scope);
      expect(await pick()).toEqual([next]);
    });

    test('a paused run, without a time, is offered to nobody', async () => {
      const run = await queue(await newTenant(stores));
      await stores.api.runs.append(appendTo(refOf(run), 1, { projection: projectionOf({ status: 'paused' }) }));
      expect(await pick()).toEqual([]);
      const due = projectionOf({ status: 'queued', dueAt: stores.clock.now() });
      await stores.api.runs.append(appendTo(refOf(run), 2, { projection: due }));
      expect(await pick()).toEqual([run]);
    });

    test('offers made at the same time share no run and keep within the slots', async () => {
      const scope = await newTenant(stores, 5);
      await queueMany(scope, 12);
      const offers = await Promise.all(Array.from({ length: 6 }, () => pick(3)));
      const all = offers.flat();
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBeLessThanOrEqual(5);
      const rest = await pick();
      expect(all.length + rest.length).toBe(5);
    });

    test('held runs whose head moved are told apart', async () => {
      const scope = await newTenant(stores);
      const [still, moved] = [refOf(await queue(scope)), refOf(await queue(scope))];
      await stores.api.runs.append(appendTo(moved, 1, { projection: projectionOf({ status: 'paused' }) }));
      const gone = { ...scope, run: randomUUID(), head: 1 };
      const held = [{ ...still, head: 1 }, { ...moved, head: 1 }, gone];
      expect((await me.schedule.movedHeads(held)).map(({ run }) => run).toSorted()).toEqual(
        [moved.run, gone.run].toSorted(),
      );
      expect(await me.schedule.movedHeads([])).toEqual([]);
    });
  });
}
