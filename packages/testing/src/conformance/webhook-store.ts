import { randomUUID } from 'node:crypto';
import {
  type Append,
  type OutboxRow,
  plainRun,
  type RunRef,
  type TenantScope,
  type Webhook,
  type WebhookDelivery,
  type WebhookSettings,
  type WebhookWork,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, deliveryAt, eventAt, idAt, newRun, newTenant, projectionOf, runToCreate } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

const settingsOf = (with_: Partial<WebhookSettings> = {}): WebhookSettings => ({
  url: 'https://receiver.test/hook',
  description: '',
  events: ['ends'],
  agent: null,
  ...with_,
});

/** Webhooks, what appends leave to be sent, how far it was sent, and what is kept about it. */
export function describeWebhookStore(name: string, open: OpenStores): void {
  describe(`webhook store: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());

    const create = (scope: TenantScope, with_: Partial<WebhookSettings> = {}): Promise<Webhook> =>
      stores.api.webhooks.create(scope, idAt(Date.now() % 10_000), settingsOf(with_));
    /** Everything that is due in the tenant, kept from others. */
    const offered = async (scope: TenantScope): Promise<readonly OutboxRow[]> => {
      const rows = await me.outbox.pick('webhook', 1_000, 60_000);
      return rows.filter(({ tenant }) => tenant === scope.tenant);
    };
    const one = async (scope: TenantScope): Promise<OutboxRow> => {
      const rows = await offered(scope);
      expect(rows).toHaveLength(1);
      return rows[0] ?? Promise.reject(new Error('nothing is due'));
    };
    const append = async (ref: RunRef, expected: number, types: readonly string[], more: Partial<Append> = {}) => {
      const events = types.map((type, index) =>
        eventAt(expected + 1 + index, { type, at: stores.clock.now(), payload: `{"n":${expected + 1 + index}}` }),
      );
      expect(await stores.api.runs.append(appendTo(ref, expected, { events, ...more }))).toMatchObject({
        type: 'accepted',
      });
    };
    const workOf = async (row: OutboxRow): Promise<WebhookWork> => {
      const work = await me.webhooks.next({ tenant: row.tenant }, row.subject);
      return work ?? Promise.reject(new Error('there is nothing to send'));
    };
    let count = 0;
    const deliveryOf = ({ run, event }: WebhookWork, with_: Partial<WebhookDelivery> = {}): WebhookDelivery =>
      deliveryAt((count += 1), {
        run: run.run,
        seq: event?.seq ?? 1,
        type: event?.type ?? 'x',
        trigger: 'event',
        at: 1_000,
        ...with_,
      });
    const delivered = (row: OutboxRow, work: WebhookWork): Promise<void> =>
      me.webhooks.save({ tenant: row.tenant }, work, deliveryOf(work), {
        movesTo: (work.event?.seq ?? 0) + 1,
        disable: null,
      });
    const failed = (row: OutboxRow, work: WebhookWork, with_: Partial<WebhookDelivery> = {}): Promise<void> =>
      me.webhooks.save(
        { tenant: row.tenant },
        work,
        deliveryOf(work, { state: 'failed', status: 500, error: 'HTTP 500', ...with_ }),
        { movesTo: null, disable: null },
      );
    /** Sends all that is due of one cursor; the numbers of the events. */
    const drained = async (row: OutboxRow): Promise<number[]> => {
      const sent: number[] = [];
      for (;;) {
        const work = await me.webhooks.next({ tenant: row.tenant }, row.subject);
        if (work === null) {
          if (await me.webhooks.rest({ tenant: row.tenant }, row.subject)) return sent;
        } else if (work.event === null) await me.webhooks.skip({ tenant: row.tenant }, work.cursor);
        else {
          sent.push(work.event.seq);
          await delivered(row, work);
        }
      }
    };

    test('is found as it was made, in its tenant, and listed oldest first', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { webhooks } = stores.api;
      const made = await webhooks.create(scope, idAt(1), settingsOf({ events: ['ends', 'tool.called'], agent: 'a' }));
      expect(made).toMatchObject({ events: ['ends', 'tool.called'], agent: 'a', version: 1, disabled: null });
      expect(made).toMatchObject({ failures: 0, failingSince: null });
      const second = await webhooks.create(scope, idAt(2), settingsOf());
      expect(await webhooks.get(scope, made.id)).toEqual(made);
      for (const [where, id] of [
        [other, made.id],
        [scope, randomUUID()],
        [scope, 'none'],
      ] as const)
        expect(await webhooks.get(where, id)).toBeNull();
      expect(await webhooks.list(scope, null, 10)).toEqual([made, second]);
      expect(await webhooks.list(scope, made.id, 10)).toEqual([second]);
      expect(await webhooks.list(other, null, 10)).toEqual([]);
    });

    test('changes only as the version that was expected', async () => {
      const scope = await newTenant(stores);
      const { webhooks } = stores.api;
      const { id } = await create(scope);
      const next = settingsOf({ url: 'https://other.test', events: ['all'] });
      expect(await webhooks.update(scope, id, next, 2)).toBe('mismatch');
      expect(await webhooks.update(scope, id, next, 1)).toMatchObject({ ...next, version: 2 });
      expect(await webhooks.update(scope, id, settingsOf(), 'any')).toMatchObject({ version: 3 });
      expect(await webhooks.update(scope, id, settingsOf(), null)).toMatchObject({ version: 4 });
      expect(await webhooks.update(await newTenant(stores), id, next, null)).toBe('missing');
      expect(await webhooks.delete(scope, id, 3)).toBe('mismatch');
      expect(await webhooks.delete(await newTenant(stores), id, null)).toBe('missing');
      expect(await webhooks.delete(scope, id, 4)).toBe('deleted');
      expect(await webhooks.get(scope, id)).toBeNull();
    });

    test('an append leaves what is wanted to any worker, from the first such event on, or nothing', async () => {
      const scope = await newTenant(stores);
      const { id } = await create(scope, { events: ['tool.called', 'ends'] });
      const ref = await newRun(stores, scope, { metadata: { ticket: '7' } });
      await append(ref, 1, ['run.claimed', 'model.called']);
      expect(await offered(scope)).toEqual([]);
      const failing = stores.api.transactions.run(scope, async (inside) => {
        await inside.runs.append(appendTo(ref, 3, { events: [eventAt(4, { type: 'tool.called' })] }));
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await offered(scope)).toEqual([]);
      await append(ref, 3, ['tool.returned', 'tool.called', 'model.called', 'run.succeeded', 'tool.resolved']);
      const row = await one(scope);
      expect(row).toMatchObject({ kind: 'webhook', tenant: scope.tenant, attempt: 1 });
      const work = await workOf(row);
      expect(work.webhook).toEqual({ id, url: 'https://receiver.test/hook', failures: 0, failingSince: null });
      expect(work.run).toEqual({ run: ref.run, agent: 'librarian', version: 1, metadata: { ticket: '7' } });
      expect(work.event).toMatchObject({ seq: 5, type: 'tool.called', payload: '{"n":5}', format: 1 });
      expect(await drained(row)).toEqual([5, 7]);
      expect(await offered(scope)).toEqual([]);
    });

    test('the first events of runs, of children and of forks are told, copies of events are not', async () => {
      const scope = await newTenant(stores);
      await create(scope, { events: ['run.created', 'run.forked'] });
      const ref = await newRun(stores, scope);
      expect(await drained(await one(scope))).toEqual([1]);
      const child = await runToCreate(stores, scope, {
        attributes: { ...plainRun, parent: { run: ref.run, call: '3.0' } },
      });
      const first = { ...child.event, appendId: randomUUID() };
      await append(ref, 1, ['child.started'], { children: [{ ...child, event: first }] });
      expect((await workOf(await one(scope))).run.run).toBe(child.run);
      await append(ref, 2, ['run.failed'], { projection: projectionOf({ status: 'failed' }) });
      const fork = await runToCreate(stores, scope);
      await stores.api.transactions.run(scope, async ({ directory, runs }) => {
        const { event: _event, projection: _projection, ...copy } = fork;
        const source = { run: ref.run, head: 3, at: 2 };
        expect(await directory.copy({ ...copy, source, createdAt: stores.clock.now() })).toBe(true);
        const events = [eventAt(3, { type: 'run.forked' })];
        await runs.append(appendTo({ tenant: scope.tenant, run: fork.run }, 2, { events }));
      });
      const row = await one(scope);
      expect((await workOf(row)).run.run).toBe(fork.run);
      expect(await drained(row)).toEqual([3]);
    });

    test('a filter by agent, other types and other tenants leave nothing', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      await create(scope, { events: ['all'], agent: 'somebody' });
      await newRun(stores, scope);
      await newRun(stores, other);
      expect([...(await offered(scope)), ...(await offered(other))]).toEqual([]);
      await newRun(stores, scope, { agent: 'somebody' });
      expect(await offered(scope)).toHaveLength(1);
    });

    test('what comes while it is sent is sent after it, and keeps the row from its rest', async () => {
      const scope = await newTenant(stores);
      await create(scope, { events: ['tool.called'] });
      const ref = await newRun(stores, scope);
      await append(ref, 1, ['tool.called']);
      const row = await one(scope);
      const work = await workOf(row);
      await append(ref, 2, ['tool.called']);
      expect(await offered(scope)).toEqual([]);
      await delivered(row, work);
      expect(await me.webhooks.rest(scope, row.subject)).toBe(false);
      expect(await drained(row)).toEqual([3]);
      // The row was finished by its rest: a late `finish` and a new event do not meet.
      await append(ref, 3, ['tool.called']);
      await me.outbox.finish(row);
      expect(await drained(await one(scope))).toEqual([4]);
    });

    test('appends and rests at the same time lose nothing', async () => {
      const scope = await newTenant(stores);
      await create(scope, { events: ['tool.called'] });
      const ref = await newRun(stores, scope);
      const sent: number[] = [];
      let appended = 1;
      const appending = (async () => {
        for (; appended <= 60; appended += 1) await append(ref, appended, ['tool.called']);
      })();
      while (sent.length < 60)
        for (const row of await offered(scope)) {
          sent.push(...(await drained(row)));
          await me.outbox.finish(row);
        }
      await appending;
      expect(sent).toEqual(Array.from({ length: 60 }, (_, index) => index + 2));
    });

    test('a failed attempt moves nothing and is counted until one is taken', async () => {
      const scope = await newTenant(stores);
      const { id } = await create(scope, { events: ['tool.called'] });
      const ref = await newRun(stores, scope);
      await append(ref, 1, ['tool.called', 'tool.called']);
      const row = await one(scope);
      await failed(row, await workOf(row), { at: 1_000, retryAt: 6_000 });
      await failed(row, await workOf(row), { at: 2_000 });
      const again = await workOf(row);
      expect(again).toMatchObject({
        webhook: { failures: 2, failingSince: 1_000 },
        cursor: { attempts: 2, firstFailedAt: 1_000 },
        event: { seq: 2 },
      });
      await delivered(row, again);
      expect(await workOf(row)).toMatchObject({
        webhook: { failures: 0, failingSince: null },
        cursor: { attempts: 0, firstFailedAt: null },
        event: { seq: 3 },
      });
      const kept = await stores.api.webhooks.deliveries(scope, id, {}, null, 10);
      expect(kept.map(({ state, seq }) => [state, seq])).toEqual([
        ['delivered', 2],
        ['failed', 2],
        ['failed', 2],
      ]);
      expect(kept[2]).toMatchObject({ run: ref.run, status: 500, error: 'HTTP 500', retryAt: 6_000, at: 1_000 });
    });

    test('one that is disabled keeps what happens for the time when it is enabled', async () => {
      const scope = await newTenant(stores);
      const { webhooks } = stores.api;
      const { id } = await create(scope, { events: ['tool.called'] });
      const ref = await newRun(stores, scope);
      await append(ref, 1, ['tool.called']);
      const row = await one(scope);
      const work = await workOf(row);
      await me.webhooks.save(scope, work, deliveryOf(work, { state: 'failed', status: 410 }), {
        movesTo: null,
        disable: 'gone',
      });
      const disabled = await webhooks.get(scope, id);
      expect(disabled).toMatchObject({ disabled: { because: 'gone' }, failures: 1, version: 1 });
      expect(await webhooks.disable(scope, id)).toEqual(disabled);
      expect(await me.webhooks.next(scope, row.subject)).toBeNull();
      expect(await me.webhooks.rest(scope, row.subject)).toBe(true);
      await append(ref, 2, ['tool.called']);
      const idle = await one(scope);
      expect(await drained(idle)).toEqual([]);
      expect(await webhooks.enable(scope, id)).toMatchObject({ disabled: null, failures: 0, failingSince: null });
      const woken = await one(scope);
      expect((await workOf(woken)).cursor).toMatchObject({ attempts: 0, firstFailedAt: null });
      expect(await drained(woken)).toEqual([2, 3]);
      expect(await webhooks.disable(scope, id)).toMatchObject({ disabled: { because: 'asked' } });
      expect(await webhooks.enable(scope, randomUUID())).toBeNull();
      expect(await webhooks.disable(scope, randomUUID())).toBeNull();
    });

    test('is rewound to all of a run, or to a time, and an attempt from before moves nothing', async () => {
      const scope = await newTenant(stores);
      const { webhooks } = stores.api;
      const { id } = await create(scope, { events: ['tool.called'] });
      const [ref, other] = [await newRun(stores, scope), await newRun(stores, scope)];
      await append(ref, 1, ['tool.called', 'tool.called']);
      for (const row of await offered(scope)) await drained(row);
      const since = stores.clock.now() + 1;
      await expect.poll(() => stores.clock.now()).toBeGreaterThan(since);
      await append(ref, 3, ['tool.called']);
      await append(other, 1, ['tool.called']);
      const rows = await offered(scope);
      expect(rows).toHaveLength(2);
      const [row] = rows;
      if (row === undefined) throw new Error('nothing is due');
      const stale = await workOf(row);
      expect(await webhooks.rewind(scope, id, { run: ref.run }, 10)).toBe(1);
      expect(await webhooks.rewind(scope, id, { run: other.run }, 10)).toBe(1);
      await delivered(row, stale);
      const sent = async (): Promise<number[]> => {
        const all: number[] = [];
        for (const due of await offered(scope)) all.push(...(await drained(due)));
        return all.toSorted((left, right) => left - right);
      };
      expect(await sent()).toEqual([2, 2, 3, 4]);
      expect(await webhooks.rewind(scope, id, { since }, 10)).toBe(2);
      expect(await sent()).toEqual([2, 4]);
      expect(await webhooks.rewind(scope, id, { since }, 1)).toBeNull();
      expect(await webhooks.rewind(scope, id, { since: stores.clock.now() + 60_000 }, 10)).toBe(0);
      expect(await webhooks.rewind(scope, id, { run: randomUUID() }, 10)).toBe(0);
      expect(await webhooks.rewind(await newTenant(stores), id, { run: ref.run }, 10)).toBe(0);
      expect(await sent()).toEqual([]);
    });

    test('types that are no longer wanted are passed', async () => {
      const scope = await newTenant(stores);
      const { id } = await create(scope, { events: ['tool.called', 'tool.returned'] });
      const ref = await newRun(stores, scope);
      await append(ref, 1, ['tool.called', 'tool.returned']);
      await stores.api.webhooks.update(scope, id, settingsOf({ events: ['ends'] }), null);
      const row = await one(scope);
      expect((await workOf(row)).event).toBeNull();
      expect(await drained(row)).toEqual([]);
      // Nor does what is wanted from now on bring back what was not.
      await append(ref, 3, ['tool.called', 'run.failed']);
      expect(await drained(await one(scope))).toEqual([5]);
    });

    test('a run that is deleted takes its cursors, what is due and its deliveries with it', async () => {
      const scope = await newTenant(stores);
      const { id } = await create(scope, { events: ['run.created'] });
      const ref = await newRun(stores, scope);
      const row = await one(scope);
      const work = await workOf(row);
      await failed(row, work);
      await stores.api.runs.append(appendTo(ref, 1, { projection: projectionOf({ status: 'failed' }) }));
      await stores.api.directory.delete(ref);
      await failed(row, work);
      await me.outbox.postpone(row, 0, 0);
      expect(await offered(scope)).toEqual([]);
      expect(await me.webhooks.next(scope, row.subject)).toBeNull();
      expect(await stores.api.webhooks.deliveries(scope, id, {}, null, 10)).toEqual([]);
    });

    test('one that is deleted takes everything with it', async () => {
      const scope = await newTenant(stores);
      const { id } = await create(scope, { events: ['run.created'] });
      await newRun(stores, scope);
      const row = await one(scope);
      const work = await workOf(row);
      await failed(row, work);
      expect(await stores.api.webhooks.delete(scope, id, null)).toBe('deleted');
      await failed(row, work);
      await me.outbox.postpone(row, 0, 0);
      expect(await offered(scope)).toEqual([]);
      expect(await me.webhooks.rest(scope, row.subject)).toBe(true);
      expect(await stores.api.webhooks.deliveries(scope, id, {}, null, 10)).toEqual([]);
    });

    test('deliveries are listed newest first, in pages, by state and by run', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { webhooks } = stores.api;
      const [{ id }, ref] = [await create(scope), await newRun(stores, scope)];
      const all = [
        deliveryAt(1),
        deliveryAt(2, { state: 'failed', status: null, error: 'no', response: null, retryAt: 9 }),
        deliveryAt(3, { run: ref.run, seq: 1, trigger: 'replay', type: 'run.created' }),
      ];
      for (const delivery of all) await webhooks.note(scope, id, delivery);
      const [one_, two, three] = all;
      const list = (filter: Parameters<typeof webhooks.deliveries>[2], before: string | null = null, limit = 10) =>
        webhooks.deliveries(scope, id, filter, before, limit);
      expect(await list({})).toEqual([three, two, one_]);
      expect(await list({}, three?.id, 1)).toEqual([two]);
      expect(await list({ state: 'failed' })).toEqual([two]);
      expect(await list({ run: ref.run })).toEqual([three]);
      expect(await webhooks.delivery(scope, id, two?.id ?? '')).toEqual(two);
      expect(await webhooks.delivery(other, id, two?.id ?? '')).toBeNull();
      expect(await webhooks.deliveries(other, id, {}, null, 10)).toEqual([]);
      // A test that fails says nothing about the receiver's events.
      expect(await webhooks.get(scope, id)).toMatchObject({ failures: 0 });
    });
  });
}
