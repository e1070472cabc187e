import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { seed } from './share.ts';

const deaths: readonly (readonly [string, Omit<KillSpec, 'token'>])[] = [
  ['before the end of a run makes the next of its thread active', { at: 'before-append', event: 'run.succeeded' }],
  ['in the append that does so', { at: 'in-append', event: 'run.succeeded' }],
  ['right after it, before anybody was told', { at: 'after-append', event: 'run.succeeded' }],
];

onEachSetup(`a thread (seed ${seed})`, (fresh, share) => {
  it.each(share(deaths))(
    'goes on when its worker dies %s',
    async (_when, kill) => {
      const product = await Product.start({ ...(await fresh()), kill });
      try {
        await product.publish(agent('talker', [[{ tool: 'look', args: { ms: 500 } }]]));
        const { id: thread } = await product.client.threads.create();
        const bodies = ['0', '1', '2'].map((input) => ({ agent: 'talker', thread, input }));
        // On PGlite the API dies with the worker, and may do so before all are started.
        const [runs] = await Promise.all([product.started(bodies), product.died()]);
        for (const run of runs) expect(await product.ended(run)).toBe('succeeded');
        const before = await Promise.all(
          runs.map(async (run) => {
            const admitted = (await product.events(run)).find(({ type }) => type === 'run.admitted');
            return (admitted?.data['thread'] as { run: string } | undefined)?.run;
          }),
        );
        expect(before).toEqual([undefined, runs[0], runs[1]]);
      } finally {
        await product.stop();
      }
    },
    120_000,
  );
});
