import { randomUUID } from 'node:crypto';
import { type Hint, type IdempotentRequest, plainRun, type Reply, type TenantScope } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, draftOf, eventAt, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

const requestOf = (with_: Partial<IdempotentRequest> = {}): IdempotentRequest => ({
  key: 'key',
  principal: 'someone',
  route: 'POST /v1/runs',
  bodyHash: 'aa',
  ...with_,
});

/** All or nothing, and once for each key. `exclusive`: there is one connection, so nobody is ever in flight beside us. */
export function describeTransactions(name: string, open: OpenStores, exclusive: boolean): void {
  describe(`transactions: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const agentsOf = async (scope: TenantScope): Promise<number> =>
      (await stores.api.agents.list(scope, null, 100)).length;
    const reply: Reply = { status: 201, body: '{"a":"\\u0000"}' };

    test('what is done together is there together', async () => {
      const scope = await newTenant(stores);
      const ref = await newRun(stores, scope);
      const heard: Hint[] = [];
      const stop = stores.hints.subscribe((hint) => heard.push(hint));
      const seen = await stores.api.transactions.run(scope, async ({ runs, agents, directory }) => {
        expect((await directory.lock(ref))?.head).toBe(1);
        await agents.publish(scope, draftOf('second'), {}, 'x');
        expect(await runs.append(appendTo(ref, 1))).toEqual({ type: 'accepted', head: 2 });
        expect(heard).toEqual([]);
        return (await runs.load(ref))?.head;
      });
      stop();
      expect(seen).toBe(2);
      expect(heard).toContainEqual({ about: 'run', run: ref.run, head: 2, state: 'free' });
      expect((await stores.api.runs.load(ref))?.head).toBe(2);
      expect(await agentsOf(scope)).toBe(2);
    });

    test('an error takes everything back, and is the caller’s own', async () => {
      const scope = await newTenant(stores);
      const ref = await newRun(stores, scope);
      const mine = new Error('mine');
      const work = stores.api.transactions.run(scope, async ({ runs, agents }) => {
        await agents.publish(scope, draftOf('second'), {}, 'x');
        await runs.append(appendTo(ref, 1));
        throw mine;
      });
      await expect(work).rejects.toBe(mine);
      expect((await stores.api.runs.load(ref))?.head).toBe(1);
      expect(await agentsOf(scope)).toBe(1);
    });

    test('an SQL error in the middle leaves the database usable', async () => {
      const scope = await newTenant(stores);
      const ref = await newRun(stores, scope);
      const twice = stores.api.transactions.run(scope, async ({ directory }) => {
        const version = (await directory.lock(ref))?.versionId ?? '';
        await directory.create({
          ...ref,
          agent: 'librarian',
          versionId: version,
          version: 1,
          attributes: plainRun,
          metadata: {},
          event: eventAt(1),
          projection: projectionOf(),
        });
      });
      await expect(twice).rejects.toMatchObject({ code: '23505' });
      expect(await agentsOf(scope)).toBe(1);
    });

    test('a run of another tenant cannot be reached from inside', async () => {
      const scope = await newTenant(stores);
      const foreign = await newRun(stores, await newTenant(stores));
      await stores.api.transactions.run(scope, async ({ runs, directory }) => {
        const here = { ...scope, run: foreign.run };
        expect(await directory.lock(here)).toBeNull();
        expect(await directory.get(here)).toBeNull();
        expect(await runs.load(here)).toBeNull();
        expect(await runs.append(appendTo(here, 1))).toEqual({ type: 'missing' });
        await expect(runs.append(appendTo(foreign, 1))).rejects.toThrow('another tenant');
      });
      expect((await stores.api.runs.load(foreign))?.head).toBe(1);
    });

    test('a key does its work once; repeats get the same reply', async () => {
      const scope = await newTenant(stores);
      let times = 0;
      const work = async (): Promise<Reply> => {
        times += 1;
        return reply;
      };
      const { transactions } = stores.api;
      expect(await transactions.kept(scope, requestOf())).toBeNull();
      expect(await transactions.once(scope, requestOf(), work)).toEqual({ type: 'first', reply });
      expect(await transactions.once(scope, requestOf(), work)).toEqual({ type: 'repeated', reply });
      expect(await transactions.kept(scope, requestOf())).toEqual({ type: 'repeated', reply });
      expect(await transactions.once(scope, requestOf({ bodyHash: 'bb' }), work)).toEqual({ type: 'mismatch' });
      expect(await transactions.kept(scope, requestOf({ bodyHash: 'bb' }))).toEqual({ type: 'mismatch' });
      expect(times).toBe(1);
      for (const other of [{ key: 'k2' }, { principal: 'p2' }, { route: 'r2' }]) {
        expect(await transactions.kept(scope, requestOf(other))).toBeNull();
        expect((await transactions.once(scope, requestOf(other), work)).type).toBe('first');
      }
      expect((await transactions.once(await newTenant(stores), requestOf(), work)).type).toBe('first');
    });

    test('work that failed leaves the key free', async () => {
      const scope = await newTenant(stores);
      const failing = stores.api.transactions.once(scope, requestOf(), async () => {
        throw new Error('mine');
      });
      await expect(failing).rejects.toThrow('mine');
      expect((await stores.api.transactions.once(scope, requestOf(), async () => reply)).type).toBe('first');
    });

    test('ten at once do the work once', async () => {
      const scope = await newTenant(stores);
      const key = requestOf({ key: randomUUID() });
      let times = 0;
      const replies = await Promise.all(
        Array.from({ length: 10 }, () =>
          stores.api.transactions.once(scope, key, async () => {
            times += 1;
            return reply;
          }),
        ),
      );
      expect(times).toBe(1);
      expect(replies.filter(({ type }) => type === 'first')).toHaveLength(1);
      expect(replies.filter(({ type }) => type === 'repeated')).toHaveLength(9);
    });

    if (exclusive) return;
    test('while the first is under way, the second waits 2 s and is told', async () => {
      const scope = await newTenant(stores);
      let finish = (): void => undefined;
      const until = new Promise<void>((resolve) => {
        finish = resolve;
      });
      let begun = (): void => undefined;
      const beginning = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const first = stores.api.transactions.once(scope, requestOf(), async () => {
        begun();
        await until;
        return reply;
      });
      await beginning;
      const before = performance.now();
      expect(await stores.api.transactions.once(scope, requestOf(), async () => reply)).toEqual({ type: 'in-flight' });
      expect(performance.now() - before).toBeGreaterThan(1_900);
      finish();
      expect((await first).type).toBe('first');
      expect((await stores.api.transactions.once(scope, requestOf(), async () => reply)).type).toBe('repeated');
    });
  });
}
