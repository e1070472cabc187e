import { randomUUID } from 'node:crypto';
import type { Hint, OutboxRow, RunRef } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendTo, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

/** What an append leaves to be done: offered until it is finished, to one worker at a time. */
export function describeOutbox(name: string, open: OpenStores): void {
  describe(`outbox: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    let run: RunRef;
    let head = 1;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    beforeEach(async () => {
      run = await newRun(stores, await newTenant(stores));
      head = 1;
    });
    // What one test leaves due would be offered in the next.
    afterEach(async () => {
      for (const row of await pick(100, 0)) await me.outbox.finish(row);
      await stores.api.runs.append(appendTo(run, head, { projection: projectionOf({ status: 'cancelled' }) }));
    });
    afterAll(() => stores.close());

    const pick = (limit = 100, reserveMs = 60_000): Promise<readonly OutboxRow[]> =>
      me.outbox.pick('child', limit, reserveMs);
    const leave = async (subjects: readonly string[], at = stores.clock.now() - 1_000, through = stores.api.runs) => {
      const outbox = subjects.map((subject, index) => ({ kind: 'child' as const, subject, at: at + index }));
      const projection = projectionOf({ status: 'queued', dueAt: stores.clock.now() - 1_000, outbox });
      const outcome = await through.append(appendTo(run, head, { projection }));
      expect(outcome.type).toBe('accepted');
      head += 1;
    };
    const uuids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

    test('what is due is offered once, the oldest first, in its tenant', async () => {
      const subjects = uuids(3);
      await leave(subjects);
      const first = await pick(2);
      expect(first.map(({ subject }) => subject).toSorted()).toEqual(subjects.slice(0, 2).toSorted());
      expect(first[0]).toMatchObject({ kind: 'child', tenant: run.tenant, attempt: 1 });
      expect((await pick()).map(({ subject }) => subject)).toEqual(subjects.slice(2));
      expect(await pick()).toEqual([]);
      for (const row of first) await me.outbox.finish(row);
    });

    test('what is finished is gone; what is not is offered again when its reservation ends', async () => {
      const [done = '', lost = ''] = uuids(2);
      await leave([done, lost]);
      const rows = await pick(100, 0);
      for (const row of rows) if (row.subject === done) await me.outbox.finish(row);
      expect(await pick(100, 0)).toMatchObject([{ subject: lost, attempt: 2 }]);
    });

    test('a row that was written again while it was handled stays', async () => {
      const subjects = uuids(1);
      await leave(subjects);
      const [row] = await pick();
      if (row === undefined) throw new Error('nothing was offered');
      await leave(subjects);
      await me.outbox.finish(row);
      await me.outbox.postpone(row, stores.clock.now() + 60_000, 1);
      expect(await pick(100, 0)).toMatchObject([{ subject: subjects[0], attempt: 1 }]);
    });

    test('what is put off is offered at its time, and counted as told', async () => {
      await leave(uuids(1));
      const [row] = await pick();
      if (row === undefined) throw new Error('nothing was offered');
      await me.outbox.postpone(row, stores.clock.now() + 3_600_000, 7);
      expect(await pick(100, 0)).toEqual([]);
      await leave([row.subject]);
      const [again] = await pick();
      if (again === undefined) throw new Error('nothing was offered again');
      await me.outbox.postpone(again, stores.clock.now() - 1, 7);
      expect(await pick(100, 0)).toMatchObject([{ subject: row.subject, attempt: 8 }]);
    });

    test('what is due later is not offered', async () => {
      const subjects = uuids(1);
      await leave(subjects, stores.clock.now() + 3_600_000);
      expect(await pick()).toEqual([]);
      await leave(subjects);
      expect(await pick(100, 0)).toHaveLength(1);
    });

    test('a refused append leaves nothing', async () => {
      const outbox = [{ kind: 'child' as const, subject: randomUUID(), at: 1 }];
      const outcome = await me.runs.append(appendTo(run, 7, { worker: 'me', projection: projectionOf({ outbox }) }));
      expect(outcome.type).toBe('refused');
      expect(await pick()).toEqual([]);
    });

    test('offers made at the same time share nothing', async () => {
      const subjects = uuids(12);
      await leave(subjects, undefined, me.runs);
      const offers = await Promise.all(Array.from({ length: 4 }, () => pick(5)));
      const offered = [...offers.flat(), ...(await pick())].map(({ subject }) => subject);
      expect(offered.toSorted()).toEqual(subjects.toSorted());
      for (const row of offers.flat()) await me.outbox.finish(row);
    });

    test('runs that are due are neither offered here nor disturbed', async () => {
      const later = stores.clock.now() + 3_600_000;
      const subject = run.run;
      await leave([subject], later - 1_000);
      await leave([subject]);
      expect(await me.schedule.nextDue()).toEqual({ at: null, waiting: true });
      expect((await me.schedule.pick(10, 60_000)).map((ref) => ref.run)).toEqual([run.run]);
      expect(await pick(100, 0)).toMatchObject([{ subject }]);
    });

    test('whoever listens for hints hears of new rows', async () => {
      const heard: Hint[] = [];
      const leaveOff = stores.hints.subscribe((one) => heard.push(one));
      await leave(uuids(1));
      await expect.poll(() => heard, { timeout: 5_000 }).toContainEqual({ about: 'outbox' });
      leaveOff();
    });
  });
}
