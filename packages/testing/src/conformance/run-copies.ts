import { randomUUID } from 'node:crypto';
import { type CopiedRun, plainRun, type RunRef } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, eventAt, newRun, newTenant, projectionOf, questionAt } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

/** A run whose log begins with a copy of another's first events: what becomes a fork. */
export function describeRunCopies(name: string, open: OpenStores): void {
  describe(`a copy of a run: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const copyOf = async (source: RunRef, at: number, head: number, over: Partial<CopiedRun> = {}) => {
      const { versionId } = (await stores.api.runs.load(source)) ?? { versionId: '' };
      const copy: CopiedRun = {
        tenant: source.tenant,
        run: randomUUID(),
        agent: 'librarian',
        versionId,
        version: 1,
        attributes: { ...plainRun, forkedFrom: { run: source.run, seq: at } },
        metadata: { team: 'b' },
        createdAt: 5,
        source: { run: source.run, head, at },
        ...over,
      };
      return { copy, made: await stores.api.directory.copy(copy) };
    };

    const paused = async (): Promise<RunRef> => {
      const ref = await newRun(stores, await newTenant(stores));
      const events = [eventAt(2, { call: 'm1', tokens: 7, costUsdMicros: 9, payload: '{"a":"\\u0000"}' }), eventAt(3)];
      const opened = [questionAt('a')];
      const projection = projectionOf({ status: 'paused', attention: { opened, closed: [] } });
      await stores.api.runs.append(appendTo(ref, 1, { events, projection }));
      return ref;
    };

    test('has the first events, and counts nothing of what they used', async () => {
      const source = await paused();
      const { copy, made } = await copyOf(source, 2, 3);
      expect(made).toBe(true);
      const log = await stores.api.runs.eventsAfter(source, 0, 10);
      expect(await stores.api.runs.eventsAfter(copy, 0, 10)).toEqual(
        log.slice(0, 2).map((event) => ({ ...event, appendId: null, tokens: null, costUsdMicros: null })),
      );
      expect(await stores.api.directory.get(copy)).toMatchObject({
        head: 2,
        status: 'queued',
        attributes: copy.attributes,
        metadata: copy.metadata,
        usage: { tokens: 0, costUsdMicros: 0 },
        createdAt: 5,
      });
      expect(await stores.api.directory.attention(copy, { run: copy.run }, null, 10)).toEqual([]);
      expect(await stores.api.runs.append(appendTo(copy, 2))).toEqual({ type: 'accepted', head: 3 });
      expect((await stores.api.directory.get(source))?.head).toBe(3);
    });

    test.each([
      ['its head is another by now', 2, 2],
      ['it has no such event', 4, 3],
      ['there is no event 0', 0, 3],
    ])('is refused when %s', async (_why, at, head) => {
      const { copy, made } = await copyOf(await paused(), at, head);
      expect(made).toBe(false);
      expect(await stores.api.directory.get(copy)).toBeNull();
    });

    test('is not there when the transaction dies before its first append', async () => {
      const source = await paused();
      const { versionId } = (await stores.api.runs.load(source)) ?? { versionId: '' };
      const run = randomUUID();
      const dying = stores.api.transactions.run(source, async ({ directory }) => {
        const attributes = { ...plainRun, forkedFrom: { run: source.run, seq: 1 } };
        const copy = { ...source, run, agent: 'librarian', versionId, version: 1, attributes, metadata: {} };
        expect(await directory.copy({ ...copy, createdAt: 5, source: { ...source, head: 3, at: 1 } })).toBe(true);
        throw new Error('died');
      });
      await expect(dying).rejects.toThrow('died');
      expect(await stores.api.directory.get({ ...source, run })).toBeNull();
      expect(await stores.api.runs.eventsAfter({ ...source, run }, 0, 10)).toEqual([]);
    });

    test('is refused while the source is live, and from another tenant', async () => {
      const source = await paused();
      const elsewhere = await copyOf(source, 1, 3, await newTenant(stores));
      expect(elsewhere.made).toBe(false);
      await stores.api.runs.append(appendTo(source, 3, { projection: projectionOf({ status: 'waiting' }) }));
      expect((await copyOf(source, 1, 4)).made).toBe(false);
    });
  });
}
