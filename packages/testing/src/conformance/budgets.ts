import { randomUUID } from 'node:crypto';
import type {
  Append,
  AppendOutcome,
  BudgetMoves,
  BudgetSpec,
  OfferedBudget,
  RunRef,
  TenantScope,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, newRun, newTenant, projectionOf } from './sample.ts';
import type { OpenStores, Stores, WorkerSide } from './stores.ts';

/** Budgets: their windows, what appends take and return, and who is woken. */
export function describeBudgets(name: string, open: OpenStores): void {
  describe(`budgets: ${name}`, () => {
    let stores: Stores;
    let me: WorkerSide;
    beforeAll(async () => {
      stores = await open();
      me = await stores.worker('me');
    });
    afterAll(() => stores.close());

    const spec = (name: string, with_: Partial<BudgetSpec> = {}): BudgetSpec => ({
      name,
      agent: null,
      period: 'total',
      timeZone: 'UTC',
      tokens: 100,
      costUsdMicros: null,
      noticeAt: 80,
      ...with_,
    });
    const make = async (scope: TenantScope, with_: Partial<BudgetSpec> = {}): Promise<string> => {
      const id = randomUUID();
      expect(await stores.api.budgets.create(scope, id, spec(id, with_))).toBe(true);
      return id;
    };
    const used = async (scope: TenantScope, id: string) => (await stores.api.budgets.get(scope, id))?.window;
    const nothing: BudgetMoves = { returned: [], taken: [], noticed: [], waits: null, goesOn: false };
    const at = (budget: string, tokens: number) => ({ budget, starts_at: 0, tokens, cost_usd_micros: 0 });
    const taking = (budget: string, tokens: number): Partial<BudgetMoves> => ({
      taken: [{ ...at(budget, tokens), ends_at: null }],
    });
    const returnedOf = (budget: string, tokens: number, spent_tokens: number): BudgetMoves['returned'] => [
      { ...at(budget, tokens), spent_tokens, spent_cost_usd_micros: 0 },
    ];
    const returning = (budget: string, tokens: number, spent_tokens: number): Partial<BudgetMoves> => ({
      returned: returnedOf(budget, tokens, spent_tokens),
    });
    const move = (run: RunRef, head: number, moves: Partial<BudgetMoves>, with_: Partial<Append> = {}) =>
      me.runs.append(appendTo(run, head, { budgets: { ...nothing, ...moves }, ...with_ }));
    const accepted = (head: number): AppendOutcome => ({ type: 'accepted', head });

    test('are offered the tenant’s first, to its own runs and those of the agent they name', async () => {
      const scope = await newTenant(stores);
      const other = await newTenant(stores);
      const ofAgent = await make(scope, { agent: 'librarian', tokens: null, costUsdMicros: 7, noticeAt: null });
      const ofTenant = await make(scope);
      await make(scope, { agent: 'another' });
      const offers = await me.budgets.offers(scope, 'librarian');
      expect(offers).toEqual<OfferedBudget[]>([
        {
          window: { budget: ofTenant, name: ofTenant, level: 'tenant', starts_at: 0, ends_at: null },
          tokens: { limit: 100, used: 0 },
          costUsdMicros: null,
          noticeAt: 80,
        },
        {
          window: { budget: ofAgent, name: ofAgent, level: 'agent', starts_at: 0, ends_at: null },
          tokens: null,
          costUsdMicros: { limit: 7, used: 0 },
          noticeAt: null,
        },
      ]);
      expect(await me.budgets.offers(other, 'librarian')).toEqual([]);
      expect((await me.runs.load(await newRun(stores, scope)))?.budgeted).toBe(true);
      expect((await me.runs.load(await newRun(stores, other)))?.budgeted).toBe(false);
    });

    test.each(['hour', 'day', 'month'] as const)('have windows of a %s in their time zone', async (period) => {
      const scope = await newTenant(stores);
      const id = await make(scope, { period, timeZone: 'Asia/Kathmandu' });
      const window = await used(scope, id);
      const now = stores.clock.now();
      if (window?.endsAt == null) throw new Error('the window has no end');
      expect(window.startsAt).toBeLessThanOrEqual(now);
      expect(window.endsAt).toBeGreaterThan(now);
      const there = (ms: number): string =>
        new Intl.DateTimeFormat('en-GB', {
          timeZone: 'Asia/Kathmandu',
          dateStyle: 'short',
          timeStyle: 'medium',
        }).format(ms);
      const start = { hour: /:00:00$/, day: /, 00:00:00$/, month: /^01\/.*, 00:00:00$/ }[period];
      expect(there(window.startsAt)).toMatch(start);
      expect(there(window.endsAt)).toMatch(start);
    });

    test('count what is taken and returned once, also when the same append comes again', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const run = await newRun(stores, scope);
      const take = appendTo(run, 1, { budgets: { ...nothing, ...taking(id, 60) } });
      expect(await me.runs.append(take)).toEqual(accepted(2));
      expect(await me.runs.append(take)).toEqual({ type: 'refused', head: 2 });
      expect(await used(scope, id)).toMatchObject({ held: { tokens: 60 }, spent: { tokens: 0 } });
      expect(await move(run, 2, returning(id, 60, 15))).toEqual(accepted(3));
      expect(await used(scope, id)).toMatchObject({ held: { tokens: 0 }, spent: { tokens: 15 } });
    });

    test('settle two allowances that one append returns', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const run = await newRun(stores, scope);
      await move(run, 1, taking(id, 60));
      const both = [...returnedOf(id, 60, 15), ...returnedOf(id, 20, 0)];
      expect(await move(run, 2, { ...taking(id, 20), returned: both })).toEqual(accepted(3));
      expect(await used(scope, id)).toMatchObject({ held: { tokens: 0 }, spent: { tokens: 15 } });
    });

    test('give no more than there is, and then nothing of the append is written', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const [one, two] = [await newRun(stores, scope), await newRun(stores, scope)];
      await move(one, 1, taking(id, 60));
      expect(await move(two, 1, taking(id, 41))).toEqual({ type: 'budgets-moved' });
      expect((await me.runs.load(two))?.head).toBe(1);
      expect(await move(two, 1, taking(id, 40))).toEqual(accepted(2));
      // A model that used more than its bound: it is taken from the row at once, and shown.
      expect(await move(two, 2, returning(id, 40, 45))).toEqual(accepted(3));
      expect(await used(scope, id)).toMatchObject({ held: { tokens: 60 }, spent: { tokens: 45 } });
    });

    test('take of many at once only what they have', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const runs = await Promise.all(Array.from({ length: 8 }, () => newRun(stores, scope)));
      const outcomes = await Promise.all(runs.map((run) => move(run, 1, taking(id, 30))));
      expect(outcomes.filter(({ type }) => type === 'accepted')).toHaveLength(3);
      expect(outcomes.filter(({ type }) => type === 'budgets-moved')).toHaveLength(5);
      expect(await used(scope, id)).toMatchObject({ held: { tokens: 90 } });
    });

    test('give one notice a window', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const [one, two] = [await newRun(stores, scope), await newRun(stores, scope)];
      const noticed = [{ budget: id, starts_at: 0 }];
      expect(await move(one, 1, { ...taking(id, 80), noticed })).toEqual(accepted(2));
      expect(await move(two, 1, { ...taking(id, 1), noticed })).toEqual({ type: 'budgets-moved' });
      expect((await me.budgets.offers(scope, 'librarian'))[0]?.noticeAt).toBeNull();
      // Of other limits it is due again.
      await stores.api.budgets.change(scope, id, { tokens: 200, costUsdMicros: null, noticeAt: 70 }, 1);
      expect((await me.budgets.offers(scope, 'librarian'))[0]?.noticeAt).toBe(70);
    });

    const far = 4_000_000_000_000;
    const needing = (budget: string, needed: number) =>
      ({ budget, starts_at: 0, limit: 'tokens', needed, unpriced: false }) as const;
    const waiting = (budget: string, needed: number): Partial<BudgetMoves> => ({ waits: needing(budget, needed) });
    const waitsWith = async (scope: TenantScope, moves: Partial<BudgetMoves>): Promise<RunRef> => {
      const run = await newRun(stores, scope);
      const projection = projectionOf({ status: 'waiting', dueAt: far });
      expect(await move(run, 1, moves, { projection })).toEqual(accepted(2));
      return run;
    };
    const waits = (scope: TenantScope, id: string, needed: number): Promise<RunRef> =>
      waitsWith(scope, waiting(id, needed));
    const picked = async (): Promise<string[]> => (await me.schedule.pick(100, 60_000)).map(({ run }) => run);

    test.each([
      [
        'a return',
        async (scope: TenantScope, id: string, holder: RunRef) =>
          void (await move(holder, 2, returning(id, 100, 0)), scope),
      ],
      [
        'a raise',
        async (scope: TenantScope, id: string) =>
          void (await stores.api.budgets.change(scope, id, { tokens: 150, costUsdMicros: null, noticeAt: null }, 1)),
      ],
      ['a deletion', async (scope: TenantScope, id: string) => void (await stores.api.budgets.delete(scope, id, 1))],
    ])('wake runs by %s, and let none wait for room that is there', async (_, free) => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const holder = await newRun(stores, scope);
      expect(await move(holder, 1, waiting(id, 50))).toEqual({ type: 'budgets-moved' });
      await move(holder, 1, taking(id, 100), { projection: projectionOf({ dueAt: far }) });
      const run = await waits(scope, id, 50);
      expect(await picked()).not.toContain(run.run);
      await free(scope, id, holder);
      expect(await picked()).toContain(run.run);
    });

    test('wake no more runs than there is room for', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const holder = await newRun(stores, scope);
      await move(holder, 1, taking(id, 100), { projection: projectionOf({ dueAt: far }) });
      const runs = [await waits(scope, id, 60), await waits(scope, id, 60)];
      await move(holder, 2, returning(id, 100, 0), { projection: projectionOf({ dueAt: far }) });
      const woken = await picked();
      expect(runs.map(({ run }) => woken.includes(run))).toEqual([true, false]);
    });

    test('wake those who fit past one that does not, and past those who wait for money', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope, { costUsdMicros: 100 });
      const holder = await newRun(stores, scope);
      const held = { budget: id, starts_at: 0, tokens: 90, cost_usd_micros: 100 };
      await move(holder, 1, { taken: [{ ...held, ends_at: null }] }, { projection: projectionOf({ dueAt: far }) });
      const large = await waits(scope, id, 95);
      const dear = await waitsWith(scope, { waits: { ...needing(id, 99), limit: 'cost_usd_micros' } });
      const priceless = await waitsWith(scope, {
        waits: { ...needing(id, 0), limit: 'cost_usd_micros', unpriced: true },
      });
      const small = await waits(scope, id, 20);
      const spent = { spent_tokens: 10, spent_cost_usd_micros: 0 };
      await move(holder, 2, { returned: [{ ...held, ...spent }] }, { projection: projectionOf({ dueAt: far }) });
      const woken = await picked();
      expect([large, dear, priceless, small].map(({ run }) => woken.includes(run))).toEqual([false, true, false, true]);
    });

    test('wake another when one that was woken does not take, and say as long as runs wait', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const holder = await newRun(stores, scope);
      await move(holder, 1, taking(id, 100), { projection: projectionOf({ dueAt: far }) });
      const [paused, other] = [await waits(scope, id, 60), await waits(scope, id, 60)];
      await move(holder, 2, returning(id, 100, 0), { projection: projectionOf({ dueAt: far }) });
      expect(await picked()).toContain(paused.run);
      const claim = { worker: 'me', take: { type: 'claim' }, release: true } as const;
      const projection = projectionOf({ status: 'paused', dueAt: far });
      expect(await move(paused, 2, { goesOn: true }, { ...claim, projection })).toEqual(accepted(3));
      expect(await picked()).not.toContain(other.run);
      expect(await me.budgets.wake(await newTenant(stores), id)).toBe(false);
      expect(await picked()).not.toContain(other.run);
      expect(await me.budgets.wake(scope, id)).toBe(true);
      expect(await picked()).toContain(other.run);
      expect(await move(other, 2, { goesOn: true }, { ...claim, projection })).toEqual(accepted(3));
      expect(await me.budgets.wake(scope, id)).toBe(false);
      expect(await me.budgets.wake(scope, randomUUID())).toBe(false);
    });

    test('are not kept for one that was woken long ago and cannot begin', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      const holder = await newRun(stores, scope);
      await move(holder, 1, taking(id, 100), { projection: projectionOf({ dueAt: far }) });
      const stuck = await newRun(stores, scope);
      const longAgo = projectionOf({ status: 'waiting', dueAt: stores.clock.now() - 20_000 });
      await move(stuck, 1, waiting(id, 60), { projection: longAgo });
      const run = await waits(scope, id, 60);
      await move(holder, 2, returning(id, 100, 0), { projection: projectionOf({ dueAt: far }) });
      expect(await picked()).toContain(run.run);
    });

    test('that count money wake those without a price when one is recorded', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope, { costUsdMicros: 100 });
      const run = await waitsWith(scope, { waits: { ...needing(id, 0), limit: 'cost_usd_micros', unpriced: true } });
      await me.budgets.wake(scope, id);
      expect(await picked()).not.toContain(run.run);
      await stores.api.prices.record(new Map([[randomUUID(), { input_per_mtok: 1, output_per_mtok: 1 }]]));
      await me.budgets.wake(scope, id);
      expect(await picked()).toContain(run.run);
    });

    test('have windows in every time zone that Node knows', async () => {
      const scope = await newTenant(stores);
      for (const timeZone of ['UTC', ...Intl.supportedValuesOf('timeZone')])
        await make(scope, { period: 'day', timeZone });
      const found = await stores.api.budgets.list(scope, null, 1_000);
      expect(found.length).toBeGreaterThan(400);
      // The clocks may change on the day on which this is run; those of Troll by two hours.
      const change = ({ timeZone }: { timeZone: string }): number => (timeZone === 'Antarctica/Troll' ? 2 : 1);
      const wrong = found.filter(({ window, ...budget }) => {
        const hours = ((window.endsAt ?? 0) - window.startsAt) / 3_600_000;
        return Math.abs(hours - 24) > change(budget);
      });
      expect(wrong).toEqual([]);
    });

    test('are changed by whoever read them last, inside their tenant', async () => {
      const scope = await newTenant(stores);
      const id = await make(scope);
      expect(await stores.api.budgets.create(scope, randomUUID(), spec(id))).toBe(false);
      const limits = { tokens: 5, costUsdMicros: 6, noticeAt: null };
      expect(await stores.api.budgets.change(await newTenant(stores), id, limits, 1)).toBe(false);
      expect(await stores.api.budgets.change(scope, id, limits, 1)).toBe(true);
      expect(await stores.api.budgets.change(scope, id, limits, 1)).toBe(false);
      expect(await stores.api.budgets.get(scope, id)).toMatchObject({ ...limits, version: 2 });
      expect(await stores.api.budgets.list(scope, null, 10)).toHaveLength(1);
      expect(await stores.api.budgets.list(scope, id, 10)).toEqual([]);
      expect(await stores.api.budgets.delete(scope, id, 2)).toBe(true);
      expect(await stores.api.budgets.get(scope, id)).toBeNull();
    });
  });
}
