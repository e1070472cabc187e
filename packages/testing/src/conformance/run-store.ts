import { randomUUID } from 'node:crypto';
import type { RunRef } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, claim, eventAt, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

/** What every database must keep of the log: its numbers, its fence and who holds a run. */
export function describeRunStore(name: string, open: OpenStores): void {
  describe(`run store: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    let other: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
      other = await stores.worker('other');
    });
    afterAll(() => stores.close());

    const queued = async (): Promise<RunRef> => newRun(stores, await newTenant(stores));
    const offered = async (): Promise<RunRef> => {
      const run = await queued();
      const picked = await me.schedule.pick(1_000, 60_000);
      expect(picked.map((ref) => ref.run)).toContain(run.run);
      return run;
    };
    const held = async (): Promise<RunRef> => {
      const run = await offered();
      expect(await claim(stores, run, 'me')).toEqual({ type: 'accepted', head: 2 });
      return run;
    };

    test('events come back as they were sent, in order', async () => {
      const run = await held();
      const payload = JSON.stringify({ text: 'é😀 "quoted" \\ \u0000 \ud800 \u001e', number: 1e21, deep: { a: [[]] } });
      const append = appendTo(run, 2, {
        worker: 'me',
        events: [
          eventAt(3, {
            type: 'model.answered',
            call: 'm1',
            tokens: 123,
            costUsdMicros: 2 ** 40,
            at: 1_700_000_000_123,
            payload,
          }),
          eventAt(4, { payload: '{"text":"{},NULL,null,\\"\\""}' }),
        ],
      });
      expect(await me.runs.append(append)).toEqual({ type: 'accepted', head: 4 });
      const [first, second] = append.events;
      expect(await me.runs.eventsAfter(run, 2, 10)).toEqual([{ ...first, appendId: append.id }, second]);
      expect(await stores.api.runs.eventsAfter(run, 3, 10)).toEqual([second]);
      expect(await me.runs.eventsAfter(run, 0, 2)).toHaveLength(2);
      expect(await me.runs.eventsAfter(run, 4, 2)).toEqual([]);
    });

    test('a run is loaded with head, holder and version', async () => {
      const run = await held();
      const loaded = await me.runs.load(run);
      expect(loaded).toMatchObject({ ...run, head: 2, holder: 'me', snapshot: null });
      expect(loaded?.tail.map(({ seq }) => seq)).toEqual([1, 2]);
      expect(loaded?.versionId).toMatch(/^[0-9a-f-]{36}$/);
      expect(await stores.api.runs.load(run)).toEqual(loaded);
    });

    test('what is not there, or not of that tenant, is missing', async () => {
      const run = await held();
      const elsewhere = { run: run.run, tenant: (await newTenant(stores)).tenant };
      for (const ref of [elsewhere, { ...run, run: randomUUID() }]) {
        expect(await me.runs.load(ref)).toBeNull();
        expect(await me.runs.eventsAfter(ref, 0, 10)).toEqual([]);
        expect(await me.runs.append(appendTo(ref, 2, { worker: 'me' }))).toEqual({ type: 'missing' });
        expect(await stores.api.runs.append(appendTo(ref, 2))).toEqual({ type: 'missing' });
      }
      expect(await me.runs.load({ ...run, run: 'no-uuid' })).toBeNull();
      expect((await me.runs.load(run))?.head).toBe(2);
    });

    test('an append on another head is refused and leaves nothing', async () => {
      const run = await held();
      expect(await me.runs.append(appendTo(run, 1, { worker: 'me' }))).toEqual({ type: 'refused', head: 2 });
      expect(await me.runs.append(appendTo(run, 7, { worker: 'me' }))).toEqual({ type: 'refused', head: 2 });
      expect(await stores.api.runs.append(appendTo(run, 1))).toEqual({ type: 'refused', head: 2 });
      expect(await me.runs.eventsAfter(run, 2, 10)).toEqual([]);
    });

    test('of appends to the same head at the same time one is accepted', async () => {
      const run = await held();
      const outcomes = await Promise.all([
        me.runs.append(appendTo(run, 2, { worker: 'me' })),
        me.runs.append(appendTo(run, 2, { worker: 'me' })),
        other.runs.append(appendTo(run, 2, { worker: 'other' })),
        stores.api.runs.append(appendTo(run, 2)),
      ]);
      expect(outcomes.filter(({ type }) => type === 'accepted')).toHaveLength(1);
      // The API does not wait for a row that a batch has.
      for (const outcome of outcomes) expect(['accepted', 'refused', 'busy']).toContain(outcome.type);
      expect((await me.runs.load(run))?.head).toBe(3);
    });

    test('appends of one run one after the other, of many at once', async () => {
      const runs: RunRef[] = [];
      for (let index = 0; index < 12; index += 1) runs.push(await queued());
      await me.schedule.pick(1_000, 60_000);
      await Promise.all(runs.map((run) => claim(stores, run, 'me')));
      await Promise.all(
        runs.map(async (run, index) => {
          for (let head = 2; head < 8; head += 2) {
            const events = [eventAt(head + 1, { payload: `{"run":${index}}` }), eventAt(head + 2)];
            const outcome = await me.runs.append(appendTo(run, head, { worker: 'me', events }));
            expect(outcome).toEqual({ type: 'accepted', head: head + 2 });
          }
        }),
      );
      for (const [index, run] of runs.entries()) {
        const events = await me.runs.eventsAfter(run, 2, 100);
        expect(events.map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7, 8]);
        for (const { payload, seq } of events) expect(payload).toBe(seq % 2 === 1 ? `{"run":${index}}` : '{}');
      }
    });

    test('a claim takes the due row: without one, or a second time, it is not yours', async () => {
      const unoffered = await queued();
      expect(await claim(stores, unoffered, 'me')).toEqual({ type: 'not-yours' });
      const run = await offered();
      const [one, two] = await Promise.all([claim(stores, run, 'me'), claim(stores, run, 'other')]);
      expect([one.type, two.type].toSorted()[0]).toBe('accepted');
      expect(['refused', 'not-yours']).toContain([one.type, two.type].toSorted()[1]);
      expect(await claim(stores, run, 'other', 2)).toEqual({ type: 'not-yours' });
    });

    test('a release lets go of the run; with a due time it can be claimed again', async () => {
      const run = await held();
      const waiting = projectionOf({ status: 'waiting', dueAt: stores.clock.now() });
      expect(await me.runs.append(appendTo(run, 2, { worker: 'me', release: true, projection: waiting }))).toEqual({
        type: 'accepted',
        head: 3,
      });
      expect((await me.runs.load(run))?.holder).toBeNull();
      expect(await claim(stores, run, 'me', 3)).toEqual({ type: 'not-yours' });
      await me.schedule.pick(1_000, 60_000);
      expect(await claim(stores, run, 'me', 3)).toEqual({ type: 'accepted', head: 4 });
      expect((await me.runs.load(run))?.holder).toBe('me');
    });

    test('claimed and released in one append, the run is held by nobody', async () => {
      const run = await offered();
      const claimed = appendTo(run, 1, { worker: 'me', take: { type: 'claim' }, release: true });
      expect(await me.runs.append(claimed)).toEqual({ type: 'accepted', head: 2 });
      expect((await me.runs.load(run))?.holder).toBeNull();
    });

    test('who speaks from outside does not change the holder', async () => {
      const run = await held();
      expect(await stores.api.runs.append(appendTo(run, 2))).toEqual({ type: 'accepted', head: 3 });
      expect(await me.runs.append(appendTo(run, 3))).toEqual({ type: 'accepted', head: 4 });
      expect((await me.runs.load(run))?.holder).toBe('me');
    });

    test('a late append of a worker that let go does not make it the holder', async () => {
      const run = await held();
      const release = { worker: 'me', release: true, projection: projectionOf({ status: 'waiting' }) };
      await me.runs.append(appendTo(run, 2, release));
      expect(await me.runs.append(appendTo(run, 3, { worker: 'me' }))).toEqual({ type: 'accepted', head: 4 });
      expect((await me.runs.load(run))?.holder).toBeNull();
    });

    test('the end is final: nobody holds the run, and it is never due', async () => {
      const run = await held();
      const ended = projectionOf({ status: 'failed', dueAt: stores.clock.now() });
      await me.runs.append(appendTo(run, 2, { worker: 'me', projection: ended }));
      expect((await me.runs.load(run))?.holder).toBeNull();
      const picked = await me.schedule.pick(1_000, 0);
      expect(picked.map((ref) => ref.run)).not.toContain(run.run);
      // What was unknown at the end may still be resolved.
      const resolved = projectionOf({ status: 'failed' });
      expect(await stores.api.runs.append(appendTo(run, 3, { projection: resolved }))).toEqual({
        type: 'accepted',
        head: 4,
      });
    });

    test('a run is taken over from a worker that is gone, not from one that lives', async () => {
      const living = await stores.worker('living');
      await living.lease.start();
      const run = await offered();
      await claim(stores, run, 'living');
      const takeOver = { worker: 'me', take: { type: 'take-over', from: 'living' } } as const;
      expect(await me.runs.append(appendTo(run, 2, takeOver))).toEqual({ type: 'not-yours' });
      await living.lease.close();
      const wrong = { worker: 'me', take: { type: 'take-over', from: 'somebody' } } as const;
      expect(await me.runs.append(appendTo(run, 2, wrong))).toEqual({ type: 'not-yours' });
      expect(await me.runs.append(appendTo(run, 2, takeOver))).toEqual({ type: 'accepted', head: 3 });
      expect((await me.runs.load(run))?.holder).toBe('me');
      expect(await living.runs.append(appendTo(run, 2, { worker: 'living' }))).toEqual({ type: 'refused', head: 3 });
    });

    test('a worker takes again what it gave up itself', async () => {
      const living = await stores.worker('gave-up');
      await living.lease.start();
      const run = await offered();
      await claim(stores, run, 'gave-up');
      const again = { worker: 'gave-up', take: { type: 'take-over', from: 'gave-up' } } as const;
      expect(await living.runs.append(appendTo(run, 2, again))).toEqual({ type: 'accepted', head: 3 });
      await living.lease.close();
    });

    test('the newest snapshot is kept, and none beyond the log', async () => {
      const run = await held();
      await me.runs.append(appendTo(run, 2, { worker: 'me' }, 8));
      await me.runs.saveSnapshot(run, { seq: 5, format: 'a', body: '{"text":"\\u0000"}' });
      await me.runs.saveSnapshot(run, { seq: 3, format: 'a', body: '{}' });
      await me.runs.saveSnapshot(run, { seq: 99, format: 'a', body: '{}' });
      await me.runs.saveSnapshot({ ...run, tenant: randomUUID() }, { seq: 6, format: 'a', body: '{}' });
      const snapshot = { seq: 5, format: 'a', body: '{"text":"\\u0000"}' };
      expect((await me.runs.load(run))?.snapshot).toEqual(snapshot);
      expect((await stores.api.runs.load(run))?.snapshot).toEqual(snapshot);
    });

    test.each([
      ['a raw NUL', { payload: '{"a":"\0"}' }],
      ['half a surrogate pair', { payload: '{"a":"\ud800"}' }],
      ['a number out of order', { seq: 9 }],
      ['a call with NUL', { call: 'm\0' }],
    ])('%s is refused before it reaches its neighbours', async (_, broken) => {
      const [run, neighbour] = [await held(), await held()];
      const events = [eventAt(3, broken)];
      const [bad, good] = await Promise.allSettled([
        me.runs.append(appendTo(run, 2, { worker: 'me', events })),
        me.runs.append(appendTo(neighbour, 2, { worker: 'me' })),
      ]);
      expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'invalid_append' } });
      expect(good).toEqual({ status: 'fulfilled', value: { type: 'accepted', head: 3 } });
      expect((await me.runs.load(run))?.head).toBe(2);
    });

    test.each([
      ['a number no double holds', '{"a":1e400}'],
      ['a thousand levels', `${'['.repeat(1_000)}${']'.repeat(1_000)}`],
      ['64 KiB', JSON.stringify('x"'.repeat(20_000))],
      ['what is no JSON at all', 'NULL'],
    ])('a payload with %s is kept as it is', async (_, payload) => {
      const run = await held();
      const append = appendTo(run, 2, { worker: 'me', events: [eventAt(3, { payload })] });
      expect(await me.runs.append(append)).toEqual({ type: 'accepted', head: 3 });
      expect((await me.runs.eventsAfter(run, 2, 1))[0]?.payload).toBe(payload);
    });

    test.each(['not-a-uuid', '', "'; drop table holdfast.runs; --"])(
      'the malformed id "%s" harms nobody',
      async (id) => {
        const run = await held();
        await expect(me.runs.append(appendTo(run, 2, { worker: 'me', id }))).rejects.toMatchObject({
          code: 'invalid_append',
        });
        await expect(me.runs.append(appendTo({ ...run, run: id }, 2))).rejects.toMatchObject({
          code: 'invalid_append',
        });
        expect(await me.runs.append(appendTo(run, 2, { worker: 'me' }))).toEqual({ type: 'accepted', head: 3 });
      },
    );
  });
}
