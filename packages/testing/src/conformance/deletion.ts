import { randomUUID } from 'node:crypto';
import { type Hint, type NewRun, type OutboxRow, plainRun, type RunRef, type TenantScope } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  appendTo,
  claim,
  eventAt,
  newRun,
  newTenant,
  newThread,
  projectionOf,
  runIdAt,
  runToCreate,
} from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

const HOUR = 3_600_000;

/** Deletion by hand: what goes, what stays, and what is refused. */
export function describeDeletion(name: string, open: OpenStores): void {
  describe(`deletion: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());

    const remove = (ref: RunRef) => stores.api.directory.delete(ref);
    const end = async (ref: RunRef, over: Parameters<typeof projectionOf>[0] = {}): Promise<RunRef> => {
      const projection = projectionOf({ status: 'succeeded', ...over });
      const head = (await stores.api.runs.load(ref))?.head ?? 0;
      expect((await stores.api.runs.append(appendTo(ref, head, { projection }))).type).toBe('accepted');
      return ref;
    };
    const ended = async (scope?: TenantScope, over: Partial<NewRun> = {}): Promise<RunRef> =>
      end(await newRun(stores, scope ?? (await newTenant(stores)), over));
    const below = (parent: RunRef, over: Partial<NewRun> = {}): Promise<RunRef> =>
      newRun(stores, parent, { attributes: { ...plainRun, parent: { run: parent.run, call: '5.0' } }, ...over });
    const isThere = async (ref: RunRef): Promise<boolean> => (await stores.api.directory.get(ref)) !== null;
    const leftFor = async (kind: OutboxRow['kind'], tenant: string): Promise<readonly string[]> =>
      (await me.outbox.pick(kind, 1_000, 0)).filter((row) => row.tenant === tenant).map(({ subject }) => subject);

    test('an ended run is gone for everybody, and its files are left to a worker', async () => {
      const ref = await ended();
      await me.runs.saveSnapshot(ref, { seq: 2, format: 'x', body: '{}' });
      const heard: Hint[] = [];
      const leave = stores.hints.subscribe((hint) => heard.push(hint));
      expect(await remove(ref)).toEqual({ type: 'deleted', runs: [ref.run] });
      expect(await isThere(ref)).toBe(false);
      expect(await stores.api.runs.load(ref)).toBeNull();
      expect(await me.runs.load(ref)).toBeNull();
      expect(await stores.api.runs.eventsAfter(ref, 0, 10)).toEqual([]);
      expect(await stores.api.directory.heads([ref])).toEqual([]);
      expect(await leftFor('files', ref.tenant)).toEqual([ref.run]);
      await expect
        .poll(() => heard, { timeout: 5_000 })
        .toEqual(expect.arrayContaining([{ about: 'deleted', run: ref.run }, { about: 'outbox' }]));
      leave();
      expect(await remove(ref)).toEqual({ type: 'missing' });
    });

    test.each(['queued', 'running', 'waiting', 'paused'] as const)('a run that is %s stays', async (status) => {
      const ref = await newRun(stores, await newTenant(stores), { projection: projectionOf({ status }) });
      expect(await remove(ref)).toEqual({ type: 'live', run: ref.run, status });
      expect(await isThere(ref)).toBe(true);
      expect(await leftFor('files', ref.tenant)).toEqual([]);
    });

    test('nothing is found from another tenant, by another id, or by what is no id', async () => {
      const ref = await ended();
      const other = await newTenant(stores);
      for (const wrong of [
        { ...other, run: ref.run },
        { ...ref, run: randomUUID() },
        { ...ref, run: 'x' },
      ])
        expect(await remove(wrong)).toEqual({ type: 'missing' });
      expect(await isThere(ref)).toBe(true);
    });

    test('those below go with the run at the top, and not before it has ended', async () => {
      const top = await newRun(stores, await newTenant(stores));
      const [child, sibling] = [await end(await below(top)), await end(await below(top))];
      const grandchild = await below(child);
      expect(await remove(child)).toMatchObject({ type: 'live', run: grandchild.run });
      await end(grandchild);
      expect(await remove(child)).toMatchObject({ type: 'parent-live', run: top.run, status: 'queued' });
      // The run above this one has ended, so nobody needs it any more.
      expect(await remove(grandchild)).toEqual({ type: 'deleted', runs: [grandchild.run] });
      await end(top);
      const deletion = await remove(top);
      const all = [top, child, sibling].map(({ run }) => run);
      expect(deletion).toEqual({ type: 'deleted', runs: all.toSorted() });
      expect((await leftFor('files', top.tenant)).toSorted()).toEqual([...all, grandchild.run].toSorted());
      for (const ref of [top, child, sibling]) expect(await isThere(ref)).toBe(false);
    });

    test('a fork stays, with its copy of the log', async () => {
      const source = await ended();
      const stored = await stores.api.runs.load(source);
      const fork = { ...source, run: randomUUID() };
      const attributes = { ...plainRun, forkedFrom: { run: source.run, seq: 2 } };
      const copy = { ...fork, agent: 'librarian', versionId: stored?.versionId ?? '', version: 1, attributes };
      const from = { run: source.run, head: 2, at: 2 };
      expect(await stores.api.directory.copy({ ...copy, metadata: {}, createdAt: 5, source: from })).toBe(true);
      await remove(source);
      expect(await stores.api.runs.eventsAfter(fork, 0, 10)).toHaveLength(2);
      expect(
        await stores.api.directory.copy({ ...copy, run: randomUUID(), metadata: {}, createdAt: 5, source: from }),
      ).toBe(false);
    });

    test('an append and a snapshot that come too late change nothing', async () => {
      const ref = await ended();
      await remove(ref);
      expect(await me.runs.append(appendTo(ref, 2, { worker: 'me' }))).toEqual({ type: 'missing' });
      expect(await stores.api.runs.append(appendTo(ref, 2))).toEqual({ type: 'missing' });
      await me.runs.saveSnapshot(ref, { seq: 1, format: 'x', body: '{}' });
      expect(await me.runs.load(ref)).toBeNull();
    });

    test('a transaction that dies has deleted nothing', async () => {
      const ref = await ended();
      const dying = stores.api.transactions.run(ref, async ({ directory }) => {
        expect(await directory.delete(ref)).toMatchObject({ type: 'deleted' });
        throw new Error('died');
      });
      await expect(dying).rejects.toThrow('died');
      expect(await isThere(ref)).toBe(true);
      expect(await leftFor('files', ref.tenant)).toEqual([]);
    });

    test('the kept reply that tells of it goes, and no other', async () => {
      const ref = await ended();
      const ask = (key: string, about: string | null) =>
        stores.api.transactions.once(ref, { key, principal: 'p', route: 'r', bodyHash: 'h' }, async () => ({
          status: 201,
          body: JSON.stringify({ about }),
          about,
        }));
      await ask('mine', ref.run);
      await ask('other', randomUUID());
      await ask('none', null);
      await remove(ref);
      const again = await Promise.all(['mine', 'other', 'none'].map(async (key) => (await ask(key, null)).type));
      expect(again).toEqual(['first', 'repeated', 'repeated']);
    });

    test('what deleted runs have used still adds up', async () => {
      const scope = await newTenant(stores);
      const noon = Date.UTC(2026, 4, 5, 12);
      const make = async (at: number, agent: string): Promise<RunRef> => {
        const run = runIdAt(at);
        const event = eventAt(1, { type: 'run.created', at });
        const ref = await newRun(stores, scope, { run, agent, event });
        const events = [eventAt(2, { model: 'm', tokens: 7, costUsdMicros: 9, at })];
        await stores.api.runs.append(appendTo(ref, 1, { events, projection: projectionOf({ status: 'failed' }) }));
        return ref;
      };
      const runs = [await make(noon + 1, 'a'), await make(noon + HOUR + 1, 'a'), await make(noon + 2, 'b')];
      await make(noon + 24 * HOUR, 'a');
      const usage = (over: object = {}) =>
        stores.api.directory.usage(scope, {
          from: noon,
          to: noon + 48 * HOUR,
          groupBy: 'agent',
          most: 10,
          ...over,
        });
      const asked = [
        {},
        { groupBy: 'day' },
        { groupBy: 'none' },
        { groupBy: 'model' },
        { groupBy: 'person' },
        { agent: 'a', groupBy: 'day' },
        { agent: 'c' },
      ];
      const before = await Promise.all(asked.map(usage));
      expect(before[2]).toEqual([{ group: 'all', runs: 4, calls: 4, tokens: 28, costUsdMicros: 36 }]);
      for (const ref of runs) await remove(ref);
      expect(await Promise.all(asked.map(usage))).toEqual(before);
      expect(await usage({ from: noon + HOUR, to: noon + 2 * HOUR })).toMatchObject([{ group: 'a', runs: 1 }]);
      expect(
        await stores.api.directory.usage(await newTenant(stores), { from: 0, to: 9e12, groupBy: 'none', most: 9 }),
      ).toEqual([]);
    });

    describe('of a thread', () => {
      const emptyThread = async (): Promise<TenantScope & { thread: string }> => {
        const scope = await newTenant(stores);
        return { ...scope, thread: await newThread(stores, scope) };
      };
      const join = async ({ tenant, thread }: TenantScope & { thread: string }): Promise<RunRef> => {
        const run = randomUUID();
        await stores.api.threads.join({ tenant }, thread, run);
        return newRun(stores, { tenant }, { run, attributes: { ...plainRun, thread } });
      };
      /** Claimed first: a run that nobody began has said nothing. */
      const said = async (at: TenantScope & { thread: string }): Promise<RunRef> => {
        const ref = await join(at);
        await me.schedule.pick(1_000, 60_000);
        expect((await claim(stores, ref, 'me')).type).toBe('accepted');
        return end(ref);
      };
      const lastOf = async ({ tenant, thread }: TenantScope & { thread: string }) =>
        (await stores.api.threads.get({ tenant }, thread))?.lastRun;

      test('with its runs and those below them', async () => {
        const at = await emptyThread();
        const [first, second] = [await said(at), await said(at)];
        const child = await end(await below(second));
        const bystander = await ended(at);
        expect(await stores.api.threads.delete(at, at.thread)).toEqual({
          type: 'deleted',
          runs: [first, second, child].map(({ run }) => run).toSorted(),
        });
        expect(await stores.api.threads.get(at, at.thread)).toBeNull();
        for (const ref of [first, second, child]) expect(await isThere(ref)).toBe(false);
        expect(await isThere(bystander)).toBe(true);
        expect(await stores.api.threads.join(at, at.thread, randomUUID())).toBeNull();
        expect(await stores.api.threads.delete(at, at.thread)).toEqual({ type: 'missing' });
      });

      test('is refused while one of its runs lives, queued behind another or not', async () => {
        const at = await emptyThread();
        const [first, second] = [await join(at), await join(at)];
        expect(await stores.api.threads.delete(at, at.thread)).toMatchObject({ type: 'live', status: 'queued' });
        await end(first);
        expect(await stores.api.threads.delete(at, at.thread)).toMatchObject({ type: 'live', run: second.run });
        await end(second);
        expect(await stores.api.threads.delete(at, at.thread)).toMatchObject({ type: 'deleted' });
      });

      test('without runs, and never from another tenant', async () => {
        const at = await emptyThread();
        const once = () =>
          stores.api.transactions.once(at, { key: 'k', principal: 'p', route: 'r', bodyHash: 'h' }, async () => ({
            status: 201,
            body: '{}',
            about: at.thread,
          }));
        await once();
        for (const [scope, thread] of [
          [await newTenant(stores), at.thread],
          [at, randomUUID()],
          [at, 'x'],
        ] as const)
          expect(await stores.api.threads.delete(scope, thread)).toEqual({ type: 'missing' });
        expect(await stores.api.threads.delete(at, at.thread)).toEqual({ type: 'deleted', runs: [] });
        expect((await once()).type).toBe('first');
      });

      test('not at all, but of its runs: the next one follows the newest that is left', async () => {
        const at = await emptyThread();
        const [first, second, third] = [await said(at), await said(at), await said(at)];
        await remove(second);
        expect(await lastOf(at)).toBe(third.run);
        await remove(third);
        expect(await lastOf(at)).toBe(first.run);
        const next = await join(at);
        expect(await me.runs.load(next)).toMatchObject({ follows: first.run });
        await remove(first);
        expect(await lastOf(at)).toBeNull();
        expect(await me.runs.load(next)).toMatchObject({ follows: null });
        await end(next);
      });
    });

    test('a run that is started while its thread is deleted is in a thread, or is not there', async () => {
      for (let round = 0; round < 10; round += 1) {
        const scope = await newTenant(stores);
        const thread = await newThread(stores, scope);
        const run = await runToCreate(stores, scope, { attributes: { ...plainRun, thread } });
        const [started, deletion] = await Promise.all([
          stores.api.transactions.run(scope, async ({ threads, directory }) => {
            if ((await threads.join(scope, thread, run.run)) === null) return false;
            await directory.create(run);
            return true;
          }),
          stores.api.threads.delete(scope, thread),
        ]);
        expect(deletion).toMatchObject(started ? { type: 'live', run: run.run } : { type: 'deleted', runs: [] });
        expect(await isThere(run)).toBe(started);
        expect((await stores.api.threads.get(scope, thread)) !== null).toBe(started);
      }
    });

    test('two who delete the same at once share it out, and nobody fails', async () => {
      const top = await ended();
      const child = await end(await below(top));
      await end(await below(child));
      const deletions = await Promise.all([remove(top), remove(child), remove(top)]);
      expect(deletions.flatMap((deletion) => (deletion.type === 'deleted' ? deletion.runs : []))).toHaveLength(3);
      expect(await leftFor('files', top.tenant)).toHaveLength(3);
    });
  });
}
