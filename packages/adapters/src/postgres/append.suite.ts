import { randomUUID } from 'node:crypto';
import type { Append, RunRef } from '@holdfast/core';
import { appendTo, eventAt, newRun, newTenant, projectionOf } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchParameters } from './append-parameters.ts';
import type { OpenedStores } from './open-stores.suite.ts';
import type { Sql } from './sql.ts';

export const appendSql = `select item, outcome, head from holdfast.append(${Array.from({ length: 21 }, (_, index) => `$${index + 1}`).join(', ')})`;

/** The function itself, with batches that our own batcher would never send. */
export function describeAppend(name: string, open: () => Promise<OpenedStores>): void {
  describe(`append: ${name}`, () => {
    let stores: OpenedStores;
    let run: RunRef;
    let other: RunRef;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const fresh = async (): Promise<void> => {
      run = await newRun(stores, await newTenant(stores));
      other = await newRun(stores, await newTenant(stores));
    };
    const send = (batch: readonly Append[], change: (parameters: (string | null)[]) => void = () => undefined) => {
      const parameters = batchParameters(batch);
      change(parameters);
      return stores.database.connections.lend((sql: Sql) => sql.query(appendSql, parameters));
    };
    const head = async (ref: RunRef): Promise<number | undefined> => (await stores.api.runs.load(ref))?.head;

    test('the same run twice: the first append counts, the second is busy', async () => {
      await fresh();
      const [first, second] = [appendTo(run, 1), appendTo(run, 1)];
      expect(await send([first, second, appendTo(other, 1)])).toEqual([{ item: 2, outcome: 'busy', head: 2 }]);
      const events = await stores.api.runs.eventsAfter(run, 1, 10);
      expect(events.map(({ appendId }) => appendId)).toEqual([first.id]);
      expect(await head(other)).toBe(2);
    });

    test('wrong tenants, heads and runs do not hold up their neighbours', async () => {
      await fresh();
      const batch = [
        appendTo({ ...run, tenant: other.tenant }, 1),
        appendTo(other, 5),
        appendTo({ ...run, run: randomUUID() }, 1),
        appendTo(run, 1),
      ];
      expect(await send(batch)).toEqual([
        // Also a run named twice under different tenants is one run.
        { item: 1, outcome: 'missing', head: null },
        { item: 2, outcome: 'refused', head: 1 },
        { item: 3, outcome: 'missing', head: null },
        { item: 4, outcome: 'busy', head: 1 },
      ]);
      expect(await send([appendTo(run, 1), appendTo(other, 5)])).toEqual([{ item: 2, outcome: 'refused', head: 1 }]);
    });

    test.each([
      ['a malformed id', (parameters: (string | null)[]) => void (parameters[2] = '{not-a-uuid,not-a-uuid}'), '22P02'],
      ['NUL in a payload', (parameters: (string | null)[]) => void (parameters[19] = '{"a":"\0"}\x1e{}'), '22021'],
      [
        'NUL in what a person is asked',
        (parameters: (string | null)[]) => void (parameters[20] = '[{"item":1,"opened":[{"ref":"a\\u0000"}]}]'),
        '22P05',
      ],
      ['a payload too few', (parameters: (string | null)[]) => void (parameters[19] = '{}'), '23502'],
      ['a number too large', (parameters: (string | null)[]) => void (parameters[17] = '{1e400,1}'), '22P02'],
    ])('%s takes the whole batch back', async (_, change, code) => {
      await fresh();
      await expect(send([appendTo(run, 1), appendTo(other, 1)], change)).rejects.toMatchObject({ code });
      expect([await head(run), await head(other)]).toEqual([1, 1]);
    });

    test('events that do not stand together are refused: numbers have no gaps', async () => {
      await fresh();
      const batch = [appendTo(run, 1, {}, 2), appendTo(other, 1)];
      // The second append's event between the two of the first.
      const refusals = await send(batch, (parameters) => void (parameters[11] = '{1,2,1}'));
      expect(refusals).toEqual([{ item: 1, outcome: 'not-yours', head: 1 }]);
      expect([await head(run), await head(other)]).toEqual([1, 2]);
    });

    test('a run with events of a later release is taken by a worker that can read them, and by no other', async () => {
      await fresh();
      const asked = (text: string) => stores.database.connections.lend((sql) => sql.query(text));
      const [old, later] = await Promise.all(['of-this-release', 'of-the-next'].map((id) => stores.worker(id)));
      if (old === undefined || later === undefined) throw new Error('no workers');
      // The one of this release is known as its lease makes it known; the next one will say 2.
      await asked(`
        insert into holdfast.workers (id, lease_until, incarnation, driver, began_at, format)
        values ('of-this-release', holdfast.now_ms() + 60000, now(), 'embedded', 1, 1),
          ('of-the-next', holdfast.now_ms() + 60000, now(), 'embedded', 1, 2)`);
      const scope = { tenant: run.tenant };
      const plain = await newRun(stores, scope);
      const newer = {
        events: [eventAt(2, { format: 2 })],
        projection: projectionOf({ status: 'queued', dueAt: stores.clock.now() }),
      };
      expect(await old.runs.append(appendTo(run, 1, newer))).toMatchObject({ type: 'accepted' });
      const offered = async (side: typeof old) =>
        (await side.schedule.pick(100, 0)).filter(({ tenant }) => tenant === run.tenant).map((picked) => picked.run);
      expect(await offered(old)).toEqual([plain.run]);
      expect((await offered(later)).toSorted()).toEqual([plain.run, run.run].toSorted());
      // It has its slot by now: also then it is not for the old one, not even when that asks for it by name.
      expect(await offered(old)).toEqual([plain.run]);
      const claimed = (worker: string) => appendTo(run, 2, { worker, take: { type: 'claim' } });
      expect(await old.runs.append(claimed('of-this-release'))).toMatchObject({ type: 'not-yours' });
      expect(await later.runs.append(claimed('of-the-next'))).toMatchObject({ type: 'accepted' });
      await asked("delete from holdfast.workers where id in ('of-this-release', 'of-the-next')");
    });

    test('two hundred runs in one batch', async () => {
      const scope = await newTenant(stores);
      const runs: RunRef[] = [];
      for (let index = 0; index < 200; index += 1) runs.push(await newRun(stores, scope));
      const events = (index: number) => [eventAt(2, { payload: `{"run":${index}}` }), eventAt(3)];
      expect(await send(runs.map((ref, index) => appendTo(ref, 1, { events: events(index) })))).toEqual([]);
      for (const index of [0, 99, 199]) {
        const ref = runs[index];
        if (ref === undefined) throw new Error('no run');
        expect((await stores.api.runs.eventsAfter(ref, 1, 1))[0]?.payload).toBe(`{"run":${index}}`);
      }
    });
  });
}
