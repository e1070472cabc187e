import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product, until } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { seed } from './share.ts';

/** More than two transactions hold. */
const RUNS = 25;

/** Steps: the counting; three times some runs; the end. */
const deaths: readonly (readonly [string, Omit<KillSpec, 'token'>])[] = [
  ['while it counts', { at: 'in-step', step: 1 }],
  ['when runs are about to be rerun', { at: 'before-step', step: 3 }],
  ['in the transaction that reruns them', { at: 'in-step', step: 3 }],
  ['while that is being committed', { at: 'committing-step', step: 3 }],
  ['right after that', { at: 'after-step', step: 3 }],
  ['before its end was written', { at: 'in-step', step: 5 }],
];

onEachSetup(`a bulk operation (seed ${seed})`, (fresh, share) => {
  it.each(share(deaths))(
    'reruns every run exactly once when its worker dies %s',
    async (_when, kill) => {
      const product = await Product.start({ ...(await fresh()), kill });
      try {
        await product.publish(agent('noter', [[{ tool: 'note' }]]));
        const { runs: client } = product.client;
        const runs: string[] = [];
        for (let index = 0; index < RUNS; index += 1)
          runs.push((await client.start({ agent: 'noter', input: `${index}` })).id);
        for (const run of runs) expect(await product.ended(run)).toBe('succeeded');

        const { id } = await client.bulk({ operation: 'rerun', filter: { agent: 'noter' }, tags: ['again'] });
        await product.died();
        const bulk = await until('the operation to end', 60_000, async () => {
          const now = await client.bulkOperation(id);
          return now.ended_at === null ? null : now;
        });
        expect(bulk).toMatchObject({ status: 'done', matched: RUNS, done: RUNS, skipped: 0, failed: 0, errors: [] });
        const made = (await client.list({ agent: 'noter', tag: 'again' }).page()).items;
        expect(made.map(({ forked_from: from }) => String(from?.run)).toSorted()).toEqual(runs.toSorted());
        expect((await client.list({ agent: 'noter' }).page()).items).toHaveLength(2 * RUNS);
        for (const { id: fork } of made) expect(await product.ended(fork)).toBe('succeeded');
      } finally {
        await product.stop();
      }
    },
    120_000,
  );
});
