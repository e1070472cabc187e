import type { ScheduleResource } from '@holdfast/sdk';
import { expect, it } from 'vitest';
import { seeded } from '../seeded.ts';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product, until } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { seed, whole } from './share.ts';

/** Whichever worker fires this one dies around it. */
const TICK = 3;
const deaths: readonly (readonly [string, Omit<KillSpec, 'token'>])[] = [
  ['when a tick is about to fire', { at: 'before-step', step: TICK }],
  ['in the transaction of a tick', { at: 'in-step', step: TICK }],
  ['while that is being committed', { at: 'committing-step', step: TICK }],
  ['right after that', { at: 'after-step', step: TICK }],
  ['before it was noted when the next one is', { at: 'before-again', step: TICK }],
  ['after that, between two ticks', { at: 'after-again', step: TICK }],
];

/** Each second, and its runs have an effect that is counted outside. */
async function scheduled(product: Product): Promise<ScheduleResource> {
  await product.publish(agent('noter', [[{ tool: 'note' }]]));
  return product.client.schedules.create({
    name: 'each-second',
    agent: 'noter',
    cron: '* * * * * *',
    overlap: 'allow',
    jitter_seconds: 0,
  });
}

const firedBy = (product: Product, { id }: ScheduleResource, count: number): Promise<ScheduleResource> =>
  until(`${count} ticks`, 60_000, async () => {
    const { value } = await product.client.schedules.get(id);
    return value.fired >= count ? value : null;
  });

/** Every second from its creation to its last tick has one run, which had one effect. */
async function checkTicks(product: Product, made: ScheduleResource): Promise<void> {
  const end = await until('the pause', 20_000, () => product.client.schedules.pause(made.id));
  expect(end).toMatchObject({ missed: 0, skipped: 0, failed: 0, last_error: null });
  const runs = [];
  for await (const run of product.client.runs.list({ schedule: made.id, limit: 200 })) runs.push(run);
  expect(runs).toHaveLength(end.fired);
  const ticks = runs.map(({ schedule }) => Date.parse(String(schedule?.tick))).toSorted((a, b) => a - b);
  const first = Math.floor(Date.parse(made.created_at) / 1_000) * 1_000 + 1_000;
  expect(ticks).toEqual(Array.from({ length: end.fired }, (_, index) => first + index * 1_000));
  expect(end.last_tick).toBe(new Date(ticks.at(-1) ?? 0).toISOString());
  for (const { id } of runs) expect(await product.ended(id)).toBe('succeeded');
  expect((await product.counter.timesByKey()).size).toBe(end.fired);
}

onEachSetup(`a schedule of each second (seed ${seed})`, (fresh, share) => {
  it.each(share(deaths))(
    'has one run a tick when its worker dies %s',
    async (_when, kill) => {
      const product = await Product.start({ ...(await fresh()), kill });
      try {
        const schedule = await scheduled(product);
        await product.died();
        const { fired } = await until('the schedule', 20_000, async () => {
          const { value } = await product.client.schedules.get(schedule.id);
          return value;
        });
        await firedBy(product, schedule, fired + 4);
        await checkTicks(product, schedule);
      } finally {
        await product.stop();
      }
    },
    120_000,
  );

  it('has one run a tick when workers are killed at random', async () => {
    const random = seeded(seed);
    const product = await Product.start({ ...(await fresh()) });
    try {
      const schedule = await scheduled(product);
      for (let kills = 0; kills < (whole ? 6 : 2); kills += 1) {
        const { value } = await product.client.schedules.get(schedule.id);
        await firedBy(product, schedule, value.fired + 1 + Math.floor(random() * 3));
        // Not a wait for anything: a moment between two ticks, or in one.
        await new Promise((resolve) => setTimeout(resolve, random() * 900));
        await product.killAndReplace(Math.floor(random() * product.workers.length));
      }
      const { value } = await product.client.schedules.get(schedule.id);
      await firedBy(product, schedule, value.fired + 3);
      await checkTicks(product, schedule);
    } finally {
      await product.stop();
    }
  }, 180_000);
});
