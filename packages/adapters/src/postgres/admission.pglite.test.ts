import { randomUUID } from 'node:crypto';
import { isCrowding, placesOf, plainRun, type Sharing } from '@holdfast/core';
import { newRun, newTenant } from '@holdfast/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openMemory } from './open-stores.suite.ts';

// The pick beside many tenants. What waits is made as rows of `due` alone: the pick looks at nothing else, and an admitted
// row counts as a run at work until it is taken away.

let stores: OpenedStores;
let schedule: Awaited<ReturnType<OpenedStores['worker']>>['schedule'];
beforeAll(async () => {
  stores = await openMemory();
  ({ schedule } = await stores.worker('me'));
});
afterAll(() => stores.close());
afterEach(() => ask('delete from holdfast.due'));

const ask = <Row>(text: string, values: readonly unknown[] = []) =>
  stores.database.connections.lend((sql) => sql.query<Row>(text, values));

async function tenantOf(weight: number, slots = 100_000): Promise<string> {
  const { tenant } = await newTenant(stores, slots);
  await ask('update holdfast.tenants set weight = $2 where id = $1', [tenant, weight]);
  return tenant;
}

const queue = (tenant: string, count: number, model: string | null = null) =>
  ask(
    `insert into holdfast.due (kind, subject, tenant_id, agent, model, at)
     select 'run', gen_random_uuid(), $1, 'a', $3, holdfast.now_ms() - 1000 from generate_series(1, $2::integer)`,
    [tenant, count, model],
  );

const anybody: Sharing = { open: 10_000, shared: 0, held: new Map(), models: new Map() };
const pick = async (limit: number, sharing = anybody): Promise<readonly string[]> =>
  (await schedule.pick(limit, 60_000, sharing)).map(({ tenant }) => tenant);
const countOf = (picked: readonly string[], tenant: string) => picked.filter((one) => one === tenant).length;

test.each([1, 7, 100])('shares follow the weights, in picks of %i, at each moment', async (limit) => {
  const weights = [1, 1, 2, 3, 5, 10, 50, 1_000];
  const tenants = await Promise.all(weights.map((weight) => tenantOf(weight)));
  for (const tenant of tenants) await queue(tenant, limit === 1 ? 500 : 2_500);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const given = new Map(tenants.map((tenant) => [tenant, 0]));
  let total = 0;
  let furthest = 0;
  const rounds = limit === 1 ? 400 : 2_400;
  while (total < rounds) {
    for (const tenant of await pick(Math.min(limit, rounds - total))) {
      given.set(tenant, (given.get(tenant) ?? 0) + 1);
      total += 1;
    }
    for (const [index, tenant] of tenants.entries()) {
      const due = (total * (weights[index] ?? 0)) / sum;
      // In runs of the tenant: how far it is from its exact share.
      furthest = Math.max(furthest, Math.abs((given.get(tenant) ?? 0) - due));
    }
  }
  // Each small one had its turn, and nobody was ever further from its share than one run for each other tenant.
  for (const tenant of tenants) expect(given.get(tenant)).toBeGreaterThan(0);
  expect(furthest).toBeLessThanOrEqual(weights.length);
});

test('a tenant that comes back has saved nothing up, whatever its weight', async () => {
  const [busy, back] = [await tenantOf(1), await tenantOf(10)];
  await queue(back, 5);
  await pick(5);
  await queue(busy, 300);
  for (let round = 0; round < 20; round += 1) await pick(10);
  await queue(back, 200);
  const picked: string[] = [];
  for (let round = 0; round < 44; round += 1) picked.push(...(await pick(1)));
  // Ten to one from now on, and nothing for the 200 that it let pass.
  expect(countOf(picked, busy)).toBeGreaterThanOrEqual(3);
  expect(countOf(picked, back)).toBeGreaterThanOrEqual(39);
});

test('the weight of one does not starve the other, also when each pick has room for one', async () => {
  const [heavy, light] = [await tenantOf(1_000), await tenantOf(1)];
  await queue(heavy, 1_200);
  await queue(light, 3);
  const picked: string[] = [];
  for (let round = 0; round < 150; round += 1) picked.push(...(await pick(7)));
  expect(countOf(picked, light)).toBe(2);
  expect(countOf(picked.slice(0, 7), light)).toBe(1);
});

test('what a worker keeps is for tenants with less than their share of it', async () => {
  const [flood, small, heavy] = [await tenantOf(1), await tenantOf(1), await tenantOf(3)];
  await queue(flood, 1_000);
  const free = (open: number, held: readonly (readonly [string, number])[]) => ({
    ...anybody,
    open,
    shared: 10,
    held: new Map(held.map(([tenant, runs]) => [tenant, { runs, weight: 1 }])),
  });
  // Ten places for anybody, two kept: alone it fills the ten.
  expect(await pick(12, free(10, []))).toHaveLength(10);
  await ask('delete from holdfast.due where admitted');
  expect(await pick(2, free(0, [[flood, 10]]))).toEqual([]);
  await queue(small, 20);
  // Half of the ten is its share, and it has four of them.
  const beside = (runs: number) =>
    free(0, [
      [flood, 10],
      [small, runs],
    ]);
  expect(await pick(2, beside(4))).toEqual([small]);
  expect(await pick(2, beside(5))).toEqual([]);
  // Of one more tenant the share is 10 × 3 / 5.
  await queue(heavy, 20);
  expect(await pick(12, beside(5))).toEqual(Array.from({ length: 6 }, () => heavy));
  // One of the flood has ended: its place is for anybody, and who comes for the first time has it before the flood.
  const late = await tenantOf(1);
  await ask('delete from holdfast.due where tenant_id = any ($1)', [`{${small},${heavy}}`]);
  await ask('update holdfast.tenants set pass = pass + 1000000 where id = $1', [flood]);
  await queue(late, 1);
  expect(await pick(1, free(1, [[flood, 9]]))).toEqual([late]);
});

test('a model has a limit over all tenants; what asks another one goes on', async () => {
  const [one, two] = [await tenantOf(1), await tenantOf(1)];
  for (const tenant of [one, two]) {
    await queue(tenant, 10, 'big');
    await queue(tenant, 2, 'small');
  }
  const sharing = { ...anybody, models: new Map([['big', 3]]) };
  const models = async () =>
    ask<{ model: string; runs: number }>(
      'select model, count(*)::integer as runs from holdfast.due where admitted group by model order by model',
    );
  await pick(4, sharing);
  while ((await pick(4, sharing)).length > 0);
  expect(await models()).toEqual([
    { model: 'big', runs: 3 },
    { model: 'small', runs: 4 },
  ]);
  await ask(
    `delete from holdfast.due where subject = (select subject from holdfast.due where admitted and model = 'big' limit 1)`,
  );
  expect(await pick(4, sharing)).toHaveLength(1);
  const offers = await Promise.all(
    Array.from({ length: 4 }, () => pick(4, { ...sharing, models: new Map([['big', 6]]) })),
  );
  expect(offers.flat()).toHaveLength(3);
});

test('a run takes part in the limit of the model of its version', async () => {
  const scope = await newTenant(stores);
  await newRun(stores, scope, { run: randomUUID(), attributes: { ...plainRun, model: 'big' } });
  expect(await pick(5, { ...anybody, models: new Map([['big', 0]]) })).toEqual([]);
  expect(await pick(5, { ...anybody, models: new Map([['big', 1]]) })).toEqual([scope.tenant]);
});

test('of a suspended tenant nothing is admitted', async () => {
  const tenant = await tenantOf(1);
  await queue(tenant, 1);
  await ask('update holdfast.tenants set suspended_at = 1 where id = $1', [tenant]);
  expect(await pick(5)).toEqual([]);
  await ask('update holdfast.tenants set suspended_at = null where id = $1', [tenant]);
  expect(await pick(5)).toEqual([tenant]);
});

/** What a run of the tenant has to do, in steps. */
const stepsOf = (tenant: string, long: string) => (tenant === long ? 1_000 : 10);

// A worker with the real places and the real pick, whose time is counted in steps: in each, every run that it holds makes
// one, in turn. So the figures are the same on each machine.
class SteppingWorker {
  readonly #long: string;
  readonly #givesBack: boolean;
  #held: { readonly tenant: string; readonly run: string }[] = [];
  readonly #left = new Map<string, number>();
  now = 0;
  readonly began = new Map<string, number>();
  readonly ended = new Map<string, number>();

  constructor(long: string, givesBack: boolean) {
    this.#long = long;
    this.#givesBack = givesBack;
  }

  async sweep(): Promise<void> {
    const { free, ...places } = placesOf(50, this.#held);
    if (free === 0) return;
    for (const { tenant, run, begun } of await schedule.pick(free, 60_000, { ...places, models: new Map() })) {
      this.#held.push({ tenant, run });
      if (begun) continue;
      this.#left.set(run, stepsOf(tenant, this.#long));
      this.began.set(run, this.now);
    }
  }

  async step(): Promise<void> {
    this.now += 1;
    for (const hold of this.#held) {
      const left = (this.#left.get(hold.run) ?? 0) - 1;
      this.#left.set(hold.run, left);
      const goesOn = !this.#givesBack || !isCrowding(placesOf(50, this.#held), hold.tenant);
      if (left > 0 && goesOn) continue;
      this.#held = this.#held.filter((other) => other !== hold);
      if (left === 0) this.ended.set(hold.run, this.now);
      await ask(
        left === 0
          ? 'delete from holdfast.due where subject = $1'
          : 'update holdfast.due set admitted = false, begun = true, reserved_until = null where subject = $1',
        [hold.run],
      );
      await this.sweep();
    }
  }
}

/** B starts a run in each of 20 steps, and later 100 together: how long they wait for their first step, and take, in steps. */
async function timesOfB(floods: number, givesBack = true) {
  await ask('delete from holdfast.due');
  const [flood, small] = [await tenantOf(1), await tenantOf(1)];
  await queue(flood, floods);
  const worker = new SteppingWorker(flood, givesBack);
  await worker.sweep();
  const started = new Map<string, number>();
  const start = async (count: number) => {
    await queue(small, count);
    const rows = await ask<{ run: string }>('select subject as run from holdfast.due where tenant_id = $1', [small]);
    const runs = rows.map(({ run }) => run).filter((run) => !started.has(run));
    for (const run of runs) started.set(run, worker.now);
    await worker.sweep();
    return runs;
  };
  const untilEnded = async () => {
    while ([...started.keys()].some((run) => !worker.ended.has(run))) await worker.step();
  };
  const since = (runs: readonly string[], when: ReadonlyMap<string, number>) =>
    runs.map((run) => (when.get(run) ?? Number.POSITIVE_INFINITY) - (started.get(run) ?? 0));
  const singles: string[] = [];
  for (let one = 0; one < 20; one += 1) {
    singles.push(...(await start(1)));
    await worker.step();
  }
  await untilEnded();
  const together = await start(100);
  await untilEnded();
  const took = since(together, worker.ended);
  return {
    waited: Math.max(...since(singles, worker.began)),
    mean: took.reduce((sum, steps) => sum + steps, 0) / took.length,
    last: Math.max(...took),
  };
}

test('beside a flood of 10,000 long runs another tenant takes at most twice as long as alone', async () => {
  const alone = await timesOfB(0);
  expect(alone).toEqual({ waited: 0, mean: 15, last: 20 });
  const beside = await timesOfB(10_000);
  // A single run finds a place at once. Of 100 together it has half of the places, after one step for giving them up.
  expect(beside.waited).toBe(0);
  expect(beside.mean).toBeLessThanOrEqual(2 * alone.mean);
  expect(beside.last).toBeLessThanOrEqual(2 * alone.last + 1);
  // What it would be if no run made room between two steps: the kept places are all that it gets.
  expect(await timesOfB(10_000, false)).toEqual({ waited: 15, mean: 105, last: 200 });
}, 200_000);

test('a pick reads a few pages however long the queue is', async () => {
  const [flood, small] = [await tenantOf(1), await tenantOf(1)];
  /** Pages that a pick of ten reads: of B's five alone, or of A's, too. */
  const read = async (open: number): Promise<number> => {
    await ask('delete from holdfast.due where admitted');
    await queue(small, 5);
    // What was deleted is read as well until then.
    for (const table of ['due', 'tenants', 'turn']) await ask(`vacuum analyze holdfast.${table}`);
    const plan = await ask<{ 'QUERY PLAN': string }>(
      `explain (analyze, buffers, timing off)
       select * from holdfast.pick('me', 10, 1, ${open}, 10, '{${flood}}', '{10}', '{}', '{}')`,
    );
    const [, rows] = /rows=(\d+)/.exec(plan[0]?.['QUERY PLAN'].replace(/\(cost[^)]*\)/, '') ?? '') ?? [];
    expect(Number(rows)).toBe(open === 0 ? 5 : 10);
    const found = plan.map((row) => /Buffers: shared hit=(\d+)/.exec(row['QUERY PLAN'])?.[1]);
    return Number(found.find((pages) => pages !== undefined));
  };
  const figures: number[][] = [];
  for (const queued of [1_000, 20_000]) {
    await queue(flood, queued);
    await read(10);
    figures.push([await read(0), await read(10)]);
  }
  // About 430. With the waiting rows of the flood read, it is thousands.
  expect(Math.max(...figures.flat())).toBeLessThan(1_000);
});

test('a waiting run says why, and how many go before it, without a word about whose they are', async () => {
  const [scope, beside] = [await newTenant(stores, 3), await newTenant(stores)];
  const attributes = { ...plainRun, model: 'big', agentConcurrency: 1, concurrencyKey: 'k' };
  const made = (with_: Partial<typeof plainRun> = {}, agent = 'a') =>
    newRun(stores, scope, { agent, attributes: { ...attributes, ...with_ } });
  const why = (run: { run: string; tenant: string }, limit: number | null = null) =>
    stores.api.directory.whyWaits(run, limit);
  const first = await made();
  expect(await why(first)).toEqual({ because: 'workers', own: 0, others: 0, more: false });
  await queue(beside.tenant, 50);
  expect(await why(first)).toMatchObject({ because: 'workers', own: 0 });
  await ask('delete from holdfast.due where tenant_id = $1', [beside.tenant]);
  expect(await pick(1)).toEqual([scope.tenant]);
  const keyed = await made();
  const agent = await made({ concurrencyKey: null });
  const model = await made({ concurrencyKey: null, agentConcurrency: null }, 'b');
  expect(await why(keyed)).toMatchObject({ because: 'concurrency_key', own: 0 });
  expect(await why(agent)).toMatchObject({ because: 'agent', own: 1 });
  expect(await why(model, 1)).toMatchObject({ because: 'model', own: 2 });
  expect(await why(model, 2)).toMatchObject({ because: 'workers', own: 2 });
  await ask('update holdfast.tenants set slots = 1 where id = $1', [scope.tenant]);
  expect(await why(model)).toMatchObject({ because: 'tenant', own: 2 });
  expect(await why({ ...model, tenant: beside.tenant })).toBeNull();
});
