import { randomUUID } from 'node:crypto';
import { type NewRun, plainRun, type RunRef } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, claim, draftOf, eventAt, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

/** Runs that are created by the append that starts them: both or neither. */
export function describeChildRuns(name: string, open: OpenStores): void {
  describe(`child runs: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());

    const held = async (): Promise<RunRef> => {
      const run = await newRun(stores, await newTenant(stores));
      await me.schedule.pick(1_000, 60_000);
      expect(await claim(stores, run, 'me')).toEqual({ type: 'accepted', head: 2 });
      return run;
    };
    const childOf = async (parent: RunRef, over: Partial<NewRun> = {}): Promise<NewRun> => {
      const { version } = await stores.api.agents.publish(parent, draftOf('helper'), {}, 'helper');
      const at = stores.clock.now() - 1;
      return {
        tenant: parent.tenant,
        run: randomUUID(),
        agent: 'helper',
        versionId: version.id,
        version: version.number,
        attributes: { ...plainRun, agentConcurrency: 3, parent: { run: parent.run, call: '5.0' } },
        metadata: { a: 'b' },
        event: eventAt(1, {
          type: 'run.created',
          at,
          appendId: randomUUID(),
          payload: '{"text":"\\u0000 {},\\"\\\\"}',
        }),
        projection: projectionOf({
          status: 'queued',
          waitingFor: [{ reason: 'capacity', since: at, until: null, ref: null }],
          dueAt: at,
        }),
        ...over,
      };
    };

    test('a child is there with its event, its parent and its place in the queue', async () => {
      const parent = await held();
      const children = [await childOf(parent), await childOf(parent)];
      const append = appendTo(parent, 2, { worker: 'me', children, release: true });
      expect(await me.runs.append(append)).toEqual({ type: 'accepted', head: 3 });
      for (const child of children) {
        expect(await me.runs.load(child)).toMatchObject({ head: 1, holder: null, versionId: child.versionId });
        expect(await me.runs.eventsAfter(child, 0, 10)).toEqual([child.event]);
        const summary = await stores.api.directory.get(child);
        expect(summary).toMatchObject({
          status: 'queued',
          agent: 'helper',
          metadata: { a: 'b' },
          waitingFor: child.projection.waitingFor,
          attributes: { agentConcurrency: 3, parent: { run: parent.run, call: '5.0' } },
        });
      }
      const offered = (await me.schedule.pick(1_000, 60_000)).map(({ run }) => run);
      expect(offered.toSorted()).toEqual(children.map(({ run }) => run).toSorted());
    });

    test('whoever listens hears of a child', async () => {
      const parent = await held();
      const child = await childOf(parent);
      const heard: string[] = [];
      const leave = stores.hints.subscribe((hint) => heard.push(hint.about === 'run' ? hint.run : hint.about));
      await me.runs.append(appendTo(parent, 2, { worker: 'me', children: [child] }));
      await expect.poll(() => heard, { timeout: 5_000 }).toContain(child.run);
      leave();
    });

    test('a refused append creates nothing', async () => {
      const parent = await held();
      const child = await childOf(parent);
      const outcome = await me.runs.append(appendTo(parent, 7, { worker: 'me', children: [child] }));
      expect(outcome).toEqual({ type: 'refused', head: 2 });
      expect(await me.runs.load(child)).toBeNull();
    });

    test('a child that exists already stays as it is', async () => {
      const parent = await held();
      const child = await childOf(parent);
      await me.runs.append(appendTo(parent, 2, { worker: 'me', children: [child] }));
      await stores.api.runs.append(appendTo(child, 1, { projection: projectionOf({ status: 'paused' }) }));
      const other = await childOf(parent);
      const again = { ...child, event: { ...child.event, appendId: randomUUID() } };
      expect(await me.runs.append(appendTo(parent, 3, { worker: 'me', children: [again, other] }))).toEqual({
        type: 'accepted',
        head: 4,
      });
      expect((await stores.api.directory.get(child))?.status).toBe('paused');
      expect((await me.runs.eventsAfter(child, 0, 10)).map(({ seq }) => seq)).toEqual([1, 2]);
      expect((await me.runs.load(other))?.head).toBe(1);
    });

    test('a child of an unknown version takes only its own append with it', async () => {
      const [parent, neighbour] = [await held(), await held()];
      const lost = await childOf(parent, { versionId: randomUUID() });
      const fine = await childOf(neighbour);
      const [failed, accepted] = await Promise.allSettled([
        me.runs.append(appendTo(parent, 2, { worker: 'me', children: [lost] })),
        me.runs.append(appendTo(neighbour, 2, { worker: 'me', children: [fine] })),
      ]);
      expect(failed.status).toBe('rejected');
      expect(accepted).toMatchObject({ status: 'fulfilled', value: { type: 'accepted' } });
      expect((await me.runs.load(parent))?.head).toBe(2);
      expect((await me.runs.load(fine))?.head).toBe(1);
    });

    test('it has the priority of its parent', async () => {
      const scope = await newTenant(stores);
      const parent = await newRun(stores, scope, { attributes: { ...plainRun, priority: 7 } });
      await me.schedule.pick(1_000, 60_000);
      await claim(stores, parent, 'me');
      const child = await childOf(parent);
      await me.runs.append(appendTo(parent, 2, { worker: 'me', children: [child] }));
      expect((await stores.api.directory.get(child))?.attributes.priority).toBe(7);
    });
  });
}
