import { randomUUID } from 'node:crypto';
import type { Actor } from '@holdfast/contracts';
import { type TenantScope, type TenantStore, verifyPlatformAudit } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, claim, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

const DAY_MS = 86_400_000;
const by: Actor = { type: 'system', id: 'test', roles: [] };

/** The life of a tenant: made, changed, suspended, resumed, deleted with a grace, erased. */
export function describeTenantStore(name: string, open: OpenStores): void {
  describe(`tenant store: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
      await me.lease.start();
    });
    afterAll(async () => {
      await me.lease.close();
      await stores.close();
    });

    const change = <T>(scope: TenantScope, work: (tenants: TenantStore) => Promise<T>): Promise<T> =>
      stores.api.transactions.run(scope, async ({ tenants }) => {
        await tenants.lock(scope);
        return work(tenants);
      });
    const suspend = (scope: TenantScope) => change(scope, (tenants) => tenants.suspend(scope));
    const resume = (scope: TenantScope) => change(scope, (tenants) => tenants.resume(scope));
    const remove = (scope: TenantScope, at: number) => change(scope, (tenants) => tenants.delete(scope, at));
    const keep = (scope: TenantScope) => change(scope, (tenants) => tenants.keep(scope));
    const offered = async (scope: TenantScope): Promise<string[]> =>
      (await me.schedule.pick(100, 0)).filter(({ tenant }) => tenant === scope.tenant).map(({ run }) => run);
    const draft = (with_: object = {}) => ({
      name: `tenant ${randomUUID()}`,
      slots: 3,
      weight: 2,
      externalId: null,
      ...with_,
    });
    const create = async (with_: object = {}) => {
      const scope = { tenant: randomUUID() };
      return { scope, outcome: await change(scope, (tenants) => tenants.create(scope, draft(with_))) };
    };

    test('is made once by its name and its external id, and found by its id', async () => {
      const [externalId, called] = [randomUUID(), `acme ${randomUUID()}`];
      const { scope, outcome } = await create({ name: called, externalId });
      expect(outcome).toBe('made');
      expect(await stores.api.tenants.get(scope)).toMatchObject({
        id: scope.tenant,
        name: called,
        externalId,
        slots: 3,
        weight: 2,
        suspendedAt: null,
        deleteAt: null,
        erasingSince: null,
      });
      expect((await create({ name: called })).outcome).toBe('name');
      expect((await create({ externalId })).outcome).toBe('external_id');
      for (const tenant of [randomUUID(), 'no id']) expect(await stores.api.tenants.get({ tenant })).toBeNull();
    });

    test('is listed page by page', async () => {
      const made = [await create(), await create(), await create()].map(({ scope }) => scope.tenant);
      const listed: string[] = [];
      for (let after: string | null = null; ;) {
        const page = await stores.api.tenants.list(after, 2);
        listed.push(...page.map(({ id }) => id));
        after = page.at(-1)?.id ?? null;
        if (page.length < 2) break;
      }
      expect(listed).toEqual([...new Set(listed)].toSorted());
      expect(listed).toEqual(expect.arrayContaining(made));
    });

    test('is changed unless another has the name', async () => {
      const [one, two] = [await create(), await create({ name: `other ${randomUUID()}` })];
      const other = await stores.api.tenants.get(two.scope);
      const settings = { name: `renamed ${randomUUID()}`, slots: 9, weight: 5 };
      expect(await change(one.scope, (tenants) => tenants.change(one.scope, settings))).toBe(true);
      expect(await stores.api.tenants.get(one.scope)).toMatchObject(settings);
      const taken = { ...settings, name: other?.name ?? '' };
      expect(await change(one.scope, (tenants) => tenants.change(one.scope, taken))).toBe(false);
      expect(await stores.api.tenants.get(one.scope)).toMatchObject(settings);
    });

    test('suspended, none of its runs is offered or claimed, and resumed all are', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const [run, late, theirs] = [
        await newRun(stores, scope),
        await newRun(stores, scope, {
          projection: projectionOf({ status: 'queued', dueAt: stores.clock.now() + DAY_MS }),
        }),
        await newRun(stores, other),
      ];
      expect(await offered(scope)).toEqual([run.run]);
      await suspend(scope);
      expect(await me.schedule.suspended()).toContain(scope.tenant);
      // It was offered before.
      expect(await claim(stores, run, 'me')).toMatchObject({ type: 'not-yours' });
      expect(await offered(scope)).toEqual([]);
      expect(await offered(other)).toEqual([theirs.run]);
      await claim(stores, theirs, 'me');
      expect(await me.schedule.nextDue()).toMatchObject({ waiting: false });
      expect(await me.schedule.depth()).toEqual({ waiting: 0, ready: 0, stuck: 0 });
      expect(await stores.api.directory.capacityProblem(scope)).toBe('tenant_suspended');
      expect(await stores.api.directory.capacityProblem(other)).toBeNull();

      expect(await resume(scope)).toBe(true);
      expect(await me.schedule.suspended()).not.toContain(scope.tenant);
      expect(await offered(scope)).toEqual([run.run]);
      expect(await claim(stores, run, 'me')).toMatchObject({ type: 'accepted' });
      expect(await stores.api.directory.capacityProblem(scope)).toBeNull();
      for (const [ended, head] of [
        [run, 2],
        [theirs, 2],
        [late, 1],
      ] as const)
        await stores.api.runs.append(appendTo(ended, head, { projection: projectionOf({ status: 'cancelled' }) }));
    });

    test('suspended, a worker may still append to what it holds, and let it go', async () => {
      const scope = await newTenant(stores);
      const run = await newRun(stores, scope);
      await offered(scope);
      await claim(stores, run, 'me');
      await suspend(scope);
      const projection = projectionOf({ status: 'waiting', dueAt: stores.clock.now() });
      const letGo = appendTo(run, 2, { worker: 'me', release: true, projection });
      expect(await me.runs.append(letGo)).toMatchObject({ type: 'accepted' });
      expect(await offered(scope)).toEqual([]);
      await resume(scope);
      expect(await offered(scope)).toEqual([run.run]);
      await stores.api.runs.append(appendTo(run, 3, { projection: projectionOf({ status: 'cancelled' }) }));
    });

    test('suspended, what was left for others waits, but for what cleans up', async () => {
      const scope = await newTenant(stores);
      const run = await newRun(stores, scope);
      const kinds = ['child', 'expiry', 'bulk', 'retention', 'schedule', 'webhook', 'files', 'engine'] as const;
      const outbox = kinds.map((kind) => ({ kind, subject: randomUUID(), at: stores.clock.now() }));
      await stores.api.runs.append(appendTo(run, 1, { projection: projectionOf({ status: 'cancelled', outbox }) }));
      await suspend(scope);
      const found = async (): Promise<string[]> => {
        const rows = await Promise.all(kinds.map((kind) => me.outbox.pick(kind, 100, 0)));
        return rows.flat().flatMap(({ tenant, kind }) => (tenant === scope.tenant ? [kind] : []));
      };
      expect(await found()).toEqual(['files', 'engine']);
      await resume(scope);
      expect(await found()).toEqual([...kinds]);
      for (const kind of kinds) for (const row of await me.outbox.pick(kind, 100, 0)) await me.outbox.finish(row);
    });

    test('its keys tell that it is suspended', async () => {
      const scope = await newTenant(stores);
      const [key] = await stores.api.keys.list(scope, null, 1);
      const found = async () => (await stores.api.keys.find(scope, key?.id ?? ''))?.tenantSuspendedAt;
      expect(await found()).toBeNull();
      await suspend(scope);
      expect(await found()).toBeGreaterThan(0);
      await suspend(scope);
      await resume(scope);
      expect(await found()).toBeNull();
    });

    test('deleted, it is suspended at once, stays through its grace, and may be kept', async () => {
      const scope = await newTenant(stores);
      const at = stores.clock.now() + DAY_MS;
      expect(await remove(scope, at)).toBe(true);
      expect(await stores.api.tenants.get(scope)).toMatchObject({ deleteAt: at, suspendedAt: expect.any(Number) });
      expect(await resume(scope)).toBe(false);
      expect(await me.erasure.erase(scope)).toBe('kept');
      expect(await me.erasure.finish(scope, 0)).toBe('gone');
      expect(await keep(scope)).toBe(true);
      expect(await stores.api.tenants.get(scope)).toMatchObject({ deleteAt: null, suspendedAt: expect.any(Number) });
      expect((await me.outbox.pick('erasure', 100, 0)).map(({ subject }) => subject)).not.toContain(scope.tenant);
      expect(await resume(scope)).toBe(true);
    });

    test('after its grace it is erased in steps, which cannot be taken back, and a line proves it', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const theirs = await newRun(stores, other);
      const runs = [await newRun(stores, scope), await newRun(stores, scope)];
      for (const run of runs) await stores.api.runs.append(appendTo(run, 1, {}, 900));
      const before = await stores.api.tenants.rests(scope);
      expect(before).toMatchObject({ runs: 2, run_events: 1_802, api_keys: 1 });
      await remove(scope, stores.clock.now() - 1);
      expect((await me.outbox.pick('erasure', 1, 0)).map(({ subject }) => subject)).toEqual([scope.tenant]);
      const steps: string[] = [];
      for (let step = 'more'; step === 'more'; steps.push(step)) {
        step = await me.erasure.erase(scope);
        expect(await keep(scope)).toBe(false);
        expect(await remove(scope, stores.clock.now() + DAY_MS)).toBe(false);
      }
      expect(steps.length).toBeGreaterThan(1);
      expect(steps.at(-1)).toBe('clean');
      // Something came in between.
      await stores.installation.addKey(scope, {
        id: randomUUID(),
        name: 'late',
        roles: [],
        secretHash: 'a',
        expiresAt: null,
      });
      expect(await me.erasure.finish(scope, 7)).toBe('rests');
      expect(await me.erasure.erase(scope)).toBe('clean');
      expect(await me.erasure.finish(scope, 7)).toBe('erased');
      expect(await me.erasure.finish(scope, 7)).toBe('gone');
      expect(await me.erasure.erase(scope)).toBe('gone');

      expect(await stores.api.tenants.get(scope)).toBeNull();
      expect(await stores.api.tenants.rests(scope)).toEqual({});
      expect((await stores.api.runs.load(theirs))?.head).toBe(1);
      const [line] = await stores.api.platformAudit.list(null, 1);
      expect(line?.operation).toBe('tenants.erase');
      const said = JSON.parse(line?.line ?? '{}') as { tenant: string; detail: Record<string, unknown> };
      expect(said.tenant).toBe(scope.tenant);
      const { due: _due, ...rows } = before;
      expect(said.detail).toMatchObject({
        files: 7,
        rows: { ...rows, api_keys: 2 },
        tables_without_a_row: expect.arrayContaining(['runs', 'secrets', 'audit']),
      });
      expect(await verifyPlatformAudit(stores.api.platformAudit)).toMatchObject({ type: 'whole' });
    });

    test('is not erased while a worker that lives holds a run of it', async () => {
      const scope = await newTenant(stores);
      const run = await newRun(stores, scope);
      await offered(scope);
      await claim(stores, run, 'me');
      await remove(scope, stores.clock.now() - 1);
      expect(await me.erasure.erase(scope)).toBe('held');
      await me.runs.append(appendTo(run, 2, { worker: 'me', release: true, projection: projectionOf() }));
      expect(await me.erasure.erase(scope)).toBe('clean');
      expect(await me.erasure.finish(scope, 0)).toBe('erased');
    });

    test('the platform has a chain of its own, with the change in one transaction', async () => {
      const scope = await newTenant(stores);
      const write = (operation: string) => ({ operation, tenant: scope.tenant, by, requestId: 'r', detail: {} });
      await stores.api.transactions.run(scope, ({ platformAudit }) => platformAudit.write(write('tenants.update')));
      const failed = stores.api.transactions.run(scope, async ({ tenants, platformAudit }) => {
        await tenants.suspend(scope);
        await platformAudit.write(write('tenants.suspend'));
        throw new Error('and fails');
      });
      await expect(failed).rejects.toThrow('and fails');
      expect(await stores.api.tenants.get(scope)).toMatchObject({ suspendedAt: null });
      const [line] = await stores.api.platformAudit.list(null, 1);
      expect(line).toMatchObject({ operation: 'tenants.update' });
      const verdict = await verifyPlatformAudit(stores.api.platformAudit);
      expect(verdict).toEqual({ type: 'whole', lines: line?.number });
      // A line that says something else, and one that is gone.
      const { platformAudit } = stores.api;
      const broken = (change: (rows: Awaited<ReturnType<typeof platformAudit.chain>>) => unknown) =>
        verifyPlatformAudit({
          head: () => platformAudit.head(),
          chain: async (after, limit) =>
            change(await platformAudit.chain(after, limit)) as Awaited<ReturnType<typeof platformAudit.chain>>,
        });
      const last = line?.number ?? 0;
      expect(await broken((rows) => rows.map((row) => ({ ...row, line: `${row.line} ` })))).toEqual({
        type: 'broken',
        number: 1,
        problem: 'changed',
      });
      expect(await broken((rows) => rows.filter(({ number }) => number !== last))).toEqual({
        type: 'broken',
        number: last,
        problem: 'missing',
      });
    });
  });
}
