import { randomUUID } from 'node:crypto';
import {
  newSchedule,
  type OutboxRow,
  plainRun,
  type Schedule,
  type ScheduleSpec,
  started,
  type TenantScope,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idAt, newRun, newTenant, runToCreate } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

/** Schedules: their rows, their place in the outbox, and the runs that they have started. */
export function describeScheduleRows(name: string, open: OpenStores): void {
  describe(`schedule rows: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());

    const scheduleOf = (spec: Partial<ScheduleSpec> = {}, with_: Partial<Schedule> = {}): Schedule => ({
      ...newSchedule(
        randomUUID(),
        {
          name: 'nightly',
          agent: 'librarian',
          alias: 'prod',
          input: { odd: 'half \ud800, NUL \u0000' },
          metadata: { team: 'a' },
          tags: ['t'],
          priority: -3,
          cron: '0 9 * * *',
          timeZone: 'Europe/Berlin',
          jitterSeconds: 30,
          overlap: 'buffer-one',
          catchUpSeconds: 60,
          startsAt: 1,
          endsAt: null,
          ...spec,
        },
        stores.clock.now(),
      ),
      ...with_,
    });
    const create = (scope: TenantScope, schedule: Schedule, due: number | null = 1): Promise<boolean> =>
      stores.api.transactions.run(scope, (inside) => inside.schedules.create(scope, schedule, due));
    const change = (scope: TenantScope, schedule: Schedule, due: number | null = 1): Promise<boolean> =>
      stores.api.transactions.run(scope, (inside) => inside.schedules.change(scope, schedule, due));
    const offered = async (): Promise<readonly OutboxRow[]> => {
      const rows = await me.outbox.pick('schedule', 100, 60_000);
      for (const row of rows) await me.outbox.finish(row);
      return rows;
    };

    test('is found as it was made, by both sides, by id and name, in its tenant', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const schedule = scheduleOf();
      expect(await create(scope, schedule)).toBe(true);
      for (const side of [stores.api, me]) {
        expect(await side.schedules.get(scope, schedule.id)).toEqual(schedule);
        expect(await side.schedules.named(scope, 'nightly')).toEqual(schedule);
        expect(await side.schedules.get(other, schedule.id)).toBeNull();
        expect(await side.schedules.named(other, 'nightly')).toBeNull();
        expect(await side.schedules.get(scope, randomUUID())).toBeNull();
        expect(await side.schedules.get(scope, 'none')).toBeNull();
      }
      // Another tenant may use the name.
      expect(await create(other, scheduleOf())).toBe(true);
    });

    test('is left to any worker by the transaction that made it, or not at all', async () => {
      const scope = await newTenant(stores);
      await offered();
      const schedule = scheduleOf();
      const failing = stores.api.transactions.run(scope, async (inside) => {
        await inside.schedules.create(scope, schedule, 1);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await offered()).toEqual([]);
      expect(await stores.api.schedules.get(scope, schedule.id)).toBeNull();
      await create(scope, schedule);
      const row = { kind: 'schedule', tenant: scope.tenant, subject: schedule.id, attempt: 1 };
      expect(await offered()).toMatchObject([row]);
    });

    test('is not offered before its time, nor while it has none', async () => {
      const scope = await newTenant(stores);
      await offered();
      await create(scope, scheduleOf({ name: 'later' }), stores.clock.now() + 60_000);
      await create(scope, scheduleOf({ name: 'never' }), null);
      expect(await offered()).toEqual([]);
    });

    test('a change moves its time, also while a worker has it, and takes it away', async () => {
      const scope = await newTenant(stores);
      await offered();
      const schedule = scheduleOf();
      await create(scope, schedule);
      const [row] = await me.outbox.pick('schedule', 100, 60_000);
      if (row === undefined) throw new Error('it is due');
      const next = { ...schedule, step: 2, version: 2, updatedAt: 5, spec: { ...schedule.spec, name: 'daily' } };
      expect(await change(scope, next)).toBe(true);
      expect(await stores.api.schedules.named(scope, 'daily')).toEqual(next);
      expect(await stores.api.schedules.named(scope, 'nightly')).toBeNull();
      // The worker is done with what was.
      await me.outbox.postpone(row, stores.clock.now() + 60_000, 0);
      await me.outbox.finish(row);
      expect(await offered()).toMatchObject([{ subject: schedule.id, attempt: 1 }]);
      await change(scope, next);
      expect(await change(scope, { ...next, step: 3 }, null)).toBe(true);
      expect(await offered()).toEqual([]);
    });

    test('two of one name are refused, and the transaction goes on', async () => {
      const scope = await newTenant(stores);
      const [one, two] = [scheduleOf({ name: 'one' }), scheduleOf({ name: 'two' })];
      await create(scope, one);
      expect(await create(scope, scheduleOf({ name: 'one' }))).toBe(false);
      await create(scope, two);
      const outcome = await stores.api.transactions.run(scope, async (inside) => {
        const changed = await inside.schedules.change(scope, { ...two, spec: { ...two.spec, name: 'one' } }, 1);
        return [changed, (await inside.schedules.get(scope, two.id))?.spec.name];
      });
      expect(outcome).toEqual([false, 'two']);
    });

    test('is listed by name, in pages', async () => {
      const scope = await newTenant(stores);
      for (const each of ['b', 'a', 'c']) await create(scope, scheduleOf({ name: each }));
      const names = async (after: string | null, limit: number) =>
        (await stores.api.schedules.list(scope, after, limit)).map(({ spec }) => spec.name);
      expect(await names(null, 2)).toEqual(['a', 'b']);
      expect(await names('b', 2)).toEqual(['c']);
    });

    test('is gone with its place in the outbox, once', async () => {
      const scope = await newTenant(stores);
      await offered();
      const schedule = scheduleOf();
      await create(scope, schedule);
      const remove = (by: TenantScope) =>
        stores.api.transactions.run(by, (inside) => inside.schedules.delete(by, schedule.id));
      expect(await remove(await newTenant(stores))).toBe(false);
      expect(await remove(scope)).toBe(true);
      expect(await remove(scope)).toBe(false);
      expect(await offered()).toEqual([]);
      // Whoever had read it before changes nothing.
      expect(await change(scope, schedule)).toBe(true);
      expect(await offered()).toEqual([]);
      expect(await stores.api.schedules.get(scope, schedule.id)).toBeNull();
    });

    test('two transactions take their steps one after the other', async () => {
      const scope = await newTenant(stores);
      const schedule = scheduleOf();
      await create(scope, schedule);
      const steps = Array.from({ length: 8 }, () =>
        me.transactions.run(scope, async (inside) => {
          const now = await inside.schedules.lock(scope, schedule.id);
          if (now === null) throw new Error('it is gone');
          await inside.schedules.save(scope, started(now, { tick: 7, fromBuffer: false }, randomUUID()));
        }),
      );
      await Promise.all(steps);
      expect(await stores.api.schedules.get(scope, schedule.id)).toMatchObject({ fired: 8, step: 9, version: 1 });
      expect(await me.transactions.run(scope, (inside) => inside.schedules.lock(scope, randomUUID()))).toBeNull();
    });

    test('a worker creates the run of a tick together with how far the schedule is, or not at all', async () => {
      const scope = await newTenant(stores);
      const schedule = scheduleOf();
      await create(scope, schedule);
      const attributes = { ...plainRun, schedule: { id: schedule.id, tick: 1_700_000_000_000 } };
      const run = await runToCreate(stores, scope, { attributes });
      const next = started(schedule, { tick: 1_700_000_000_000, fromBuffer: false }, run.run);
      const fire = (fails: boolean) =>
        me.transactions.run(scope, async (inside) => {
          await inside.schedules.lock(scope, schedule.id);
          await inside.directory.create(run);
          await inside.schedules.save(scope, next);
          if (fails) throw new Error('no');
        });
      await expect(fire(true)).rejects.toThrow('no');
      expect(await stores.api.directory.get(run)).toBeNull();
      expect(await stores.api.schedules.get(scope, schedule.id)).toEqual(schedule);
      await fire(false);
      expect((await stores.api.directory.get(run))?.attributes).toEqual(attributes);
      expect(await stores.api.schedules.get(scope, schedule.id)).toEqual(next);
    });

    test('the database takes one run for a tick, and any number that were started by hand', async () => {
      const scope = await newTenant(stores);
      const of = (id: string, tick: number | null) => ({ attributes: { ...plainRun, schedule: { id, tick } } });
      const [one, two] = [randomUUID(), randomUUID()];
      const runs = [];
      for (const [index, more] of [of(one, 5), of(one, 6), of(two, 5), of(one, null), of(one, null)].entries())
        runs.push((await newRun(stores, scope, { run: idAt(index), ...more })).run);
      await expect(newRun(stores, scope, of(one, 5))).rejects.toThrow(/runs_of_tick|unique/);
      await newRun(stores, await newTenant(stores), of(one, 5));
      const listed = await stores.api.directory.list(scope, { schedule: one }, null, 10);
      expect(listed.map(({ run }) => run)).toEqual([runs[4], runs[3], runs[1], runs[0]]);
      const fitting = await me.bulk.fitting(scope, { schedule: one, agent: 'librarian' }, null, 2);
      expect(fitting).toEqual({
        runs: [runs[4], runs[3]].map((run) => ({ run, status: 'queued' })),
        next: runs[3],
      });
    });
  });
}
