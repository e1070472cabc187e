import type { BudgetResource, RunSummaryResource, WireEvent } from '@holdfast/sdk';
import pLimit from 'p-limit';
import { expect, it } from 'vitest';
import { seeded } from '../seeded.ts';
import { agent } from './harness/agents.ts';
import { ended, Product, until } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { seed, whole } from './share.ts';

const RUNS = whole ? 1_000 : 100;
/** Whole where most run Holdfast: the rules are the same, and CI has an end. */
const RUNS_ELSEWHERE = RUNS / 5;
/** At each limit. */
const KILLS = whole ? 6 : 2;
/** Runs that are started, and logs that are read, at once. */
const few = pLimit(12);
/** How far apart the clocks of two workers may be, ms: each reckons the database's. */
const CLOCKS_APART_MS = 200;

const slow = {
  model: { name: 'rehearsal', max_output_tokens: 200 },
  retries: { attempts: 20, first: '100ms', max: '1s' },
};
/** Each model call takes a moment, so that kills meet it. */
const agents = [
  agent('frugal', [], {
    ...slow,
    rehearsal: [
      { calls: [{ tool: 'note' }], repeat: 2, delay: '300ms' },
      { say: 'Done.', delay: '300ms' },
    ],
  }),
  // Its model says far more than it was reserved for: the rehearsal model does not heed the most that it may say.
  agent('boaster', [], {
    ...slow,
    rehearsal: [{ calls: [{ tool: 'note' }] }, { say: 'words '.repeat(8_000), delay: '300ms' }],
  }),
  agent('parent', [], {
    ...slow,
    tools: [{ agent: 'frugal' }],
    rehearsal: [{ calls: [{ tool: 'frugal', args: { input: 'go' } }] }, { say: 'Done.', delay: '300ms' }],
  }),
  // Its call is under way for long enough to be found and killed.
  agent('ponderer', [], { ...slow, rehearsal: [{ say: 'Done.', delay: '10s' }] }),
];
const agentOf = (index: number): string => (index % 10 === 0 ? 'boaster' : index % 10 === 1 ? 'parent' : 'frugal');

interface Amounts {
  readonly tokens: number;
  readonly cost_usd_micros: number;
  /** It was reserved, and nobody knows what was used. */
  readonly estimated?: boolean;
}
const isLost = (charge: Amounts | undefined): boolean => charge?.estimated === true;
const none: Amounts = { tokens: 0, cost_usd_micros: 0 };
const sum = (all: readonly Amounts[]): Amounts =>
  all.reduce(
    (so, { tokens, cost_usd_micros }) => ({
      tokens: so.tokens + tokens,
      cost_usd_micros: so.cost_usd_micros + cost_usd_micros,
    }),
    none,
  );

async function every(product: Product): Promise<RunSummaryResource[]> {
  const found: RunSummaryResource[] = [];
  for await (const run of product.client.runs.list({ limit: 200 })) found.push(run);
  return found;
}

/** Nobody is at work any more: each run has ended, or waits for a budget, also after a second look. */
async function quiet(product: Product): Promise<RunSummaryResource[]> {
  let before = { text: '', since: 0 };
  return until('all runs to end or to wait for a budget', 600_000, async () => {
    const runs = await every(product);
    const still = runs.every(
      ({ status, waiting_for: waits }) =>
        ended.has(status) ||
        (status === 'waiting' && waits.every(({ reason }) => reason === 'budget' || reason === 'child')),
    );
    const text = JSON.stringify(runs.map(({ id, head }) => [id, head]));
    if (!still || text !== before.text) before = { text, since: Date.now() };
    // A sweep comes each second, and somebody may have been woken who was not claimed yet.
    return still && Date.now() - before.since > 4_000 ? runs : null;
  });
}

/** Waits until so many more effects were counted, with others under way; false: nobody works any more. */
async function someWork(product: Product, effects: number): Promise<boolean> {
  const { length: before } = await product.counter.effects();
  return until('more effects', 5_000, async () =>
    (await product.counter.effects()).length >= before + effects ? true : null,
  ).catch(() => false);
}

type Log = readonly WireEvent[];
const charges = (logs: readonly Log[]): Amounts[] =>
  logs.flatMap((log) => log.flatMap(({ data }) => (data['charge'] ?? []) as Amounts | Amounts[]));

/** Kills the worker that has a model's call under way: nobody knows what that call has used. */
async function loseACall(product: Product): Promise<void> {
  const { id } = await product.client.runs.start({ agent: 'ponderer' });
  const log = await until('a call of a model', 60_000, async () => {
    const events = await product.events(id);
    return events.at(-1)?.type === 'model.called' ? events : null;
  });
  await product.killAndReplace(product.holderOf(log));
  const [charge] = await until('the call to be settled', 60_000, async () => {
    const later = charges([(await product.events(id)).slice(log.length)]);
    return later.length > 0 ? later : null;
  });
  expect(charge).toMatchObject({ estimated: true });
}

interface Moved {
  readonly at: number;
  readonly tokens: number;
  readonly spent_tokens: number;
}
const moves = (logs: readonly Log[], type: string, budget: string): Moved[] =>
  logs.flatMap((log) =>
    log
      .filter((event) => event.type === type)
      .filter(({ data }) => (data['windows'] as { name: string }[]).some(({ name }) => name === budget))
      .map(({ at, data }) => ({ ...(data as unknown as Moved), at: Date.parse(at) })),
  );

/** What was spent beyond the limit, and how far the estimates of those calls were off that were in flight at the last take. */
function overshoot({ tokens, now }: BudgetResource, logs: readonly Log[]): { over: number; error: number } {
  const last = Math.max(0, ...moves(logs, 'allowance.taken', 'all').map(({ at }) => at));
  const error = moves(logs, 'allowance.returned', 'all')
    .filter(({ at }) => at >= last - CLOCKS_APART_MS)
    .reduce((all, { tokens: taken, spent_tokens: spent }) => all + Math.max(0, spent - taken), 0);
  return { over: Math.max(0, now.spent.tokens - (tokens ?? Infinity)), error };
}

onEachSetup(`budgets under SIGKILL (seed ${seed})`, (fresh) => {
  it(`count each run exactly, and are passed by no more than the estimates of calls in flight are off`, async () => {
    const random = seeded(seed);
    const { postgres, temporal } = await fresh();
    const count = postgres !== null && temporal === null ? RUNS : RUNS_ELSEWHERE;
    // Few at once, so that there is work for as long as there are kills.
    const product = await Product.start({ postgres, temporal, environment: { WORKER_CONCURRENCY: '25' } });
    try {
      for (const each of agents) await product.publish(each);
      const { budgets, runs: client, usage } = product.client;
      const budget = async (name: string): Promise<BudgetResource> => (await budgets.get(name)).value;
      const alone = await few.map(['frugal', 'boaster', 'parent'], async (name) => {
        const { id } = await client.start({ agent: name });
        expect(await product.ended(id)).toBe('succeeded');
        return sum(charges([await product.events(id)])).tokens;
      });
      const [frugal = 0, boaster = 0, parent = 0] = alone;
      const needed = Math.round(count * (0.8 * frugal + 0.1 * boaster + 0.1 * (parent + frugal)));
      const before = (await usage.get({ group_by: 'none' })).items[0];

      // A third of what is needed; one of an agent and money; one whose hour may end meanwhile.
      const limits = [needed / 3, (needed * 2) / 3, needed * 100].map(Math.round);
      await budgets.set('all', { period: 'total', tokens: limits[0], notice_percent: 80 });
      await budgets.set('boasters', { agent: 'boaster', period: 'total', cost_usd_micros: needed * 100 });
      await budgets.set('hourly', { period: 'hour', time_zone: 'Asia/Kathmandu', tokens: needed * 100 });
      await loseACall(product);
      let kills = 1;
      const starting = few.map(
        Array.from({ length: count }, (_, index) => agentOf(index)),
        (name) => until('a start', 60_000, () => client.start({ agent: name })),
      );

      const passed: string[] = [];
      for (const [step, limit] of limits.entries()) {
        if (step > 0) await budgets.set('all', { period: 'total', tokens: limit, notice_percent: 80 });
        for (let kill = 0; kill < KILLS; kill += 1) {
          // At this limit there may be nothing left to do.
          if (!(await someWork(product, 1 + Math.floor(random() * 5)))) break;
          await product.killAndReplace(Math.floor(random() * product.workers.length));
          kills += 1;
        }
        await starting;
        const runs = await quiet(product);
        const logs = await few.map(runs, ({ id }) => product.events(id));
        const all = await budget('all');
        const { over, error } = overshoot(all, logs);
        passed.push(`${over} of ${limit} (estimates off by ${error})`);
        expect(all.now.held, 'what is held while nobody is at work').toEqual(none);
        expect(over).toBeLessThanOrEqual(error);
        if (step < 2) expect(runs.filter(({ status }) => status === 'waiting').length).toBeGreaterThan(0);
      }

      const runs = await every(product);
      expect(runs.filter(({ status }) => status !== 'succeeded')).toEqual([]);
      // Newest first: without the four from before there were budgets.
      const mine = runs.slice(0, -4);
      const logs = await few.map(mine, ({ id }) => product.events(id));
      const charged = charges(logs);
      const [used] = (await usage.get({ group_by: 'none' })).items;
      const spent = (name: string) => budget(name).then(({ now }) => now.spent);
      // The events, usage, and what runs have settled in budgets: the same, to the token and micro-dollar.
      expect(used).toMatchObject({
        runs: mine.length + 4,
        calls: charged.length + (before?.calls ?? 0),
        tokens: sum(charged).tokens + (before?.tokens ?? 0),
        cost_usd_micros: sum(charged).cost_usd_micros + (before?.cost_usd_micros ?? 0),
      });
      expect(await spent('all')).toEqual(sum(charged));
      const ofBoasters = logs.filter((_, place) => mine[place]?.agent === 'boaster');
      expect(await spent('boasters')).toEqual(sum(charges(ofBoasters)));
      const hourly = await budget('hourly');
      const settled = logs.flatMap((log) =>
        log
          .filter(({ type }) => type === 'allowance.returned')
          .filter(({ data }) =>
            (data['windows'] as { name: string; starts_at: number }[]).some(
              ({ name, starts_at: start }) => name === 'hourly' && start === Date.parse(String(hourly.now.starts_at)),
            ),
          )
          .map(({ data }) => ({
            tokens: Number(data['spent_tokens']),
            cost_usd_micros: Number(data['spent_cost_usd_micros']),
          })),
      );
      expect(hourly.now).toMatchObject({ spent: sum(settled), held: none });
      for (const name of ['all', 'boasters', 'hourly']) expect((await budget(name)).now.held).toEqual(none);
      const lost = charges(logs).filter(isLost).length;
      // oxlint-disable-next-line eslint/no-console
      console.info(
        `budgets: ${mine.length} runs, ${kills} kills (seed ${seed}); ${charged.length} calls, ${lost} of them lost; ` +
          `${sum(charged).tokens} tokens = usage = events = settled; passed by ${passed.join(', ')}`,
      );
      expect(lost).toBeGreaterThan(0);
    } finally {
      await product.stop();
    }
  }, 2_400_000);
});
