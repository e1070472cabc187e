import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import { Product, until } from './harness/product.ts';
import { onPostgres } from './on-each-setup.ts';

onPostgres('a worker that was suspended past its lease', (fresh) => {
  it('doubles nothing: its append is refused, and its late answer settles the unknown effect', async () => {
    const product = await Product.start({ ...(await fresh()), workers: 1 });
    try {
      const go = join(product.folder, 'go');
      await product.publish(
        agent('slow', [[{ tool: 'pay', args: { until: go } }]], {
          // The call is broken off after twice that. Temporal goes on handing tasks to a suspended worker, whose
          // connections stay open, and misses each after 5 to 10 s: the take-over was seen after 10 to 40 s.
          tools: [{ mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '5m' }],
        }),
      );
      const { id } = await product.client.runs.start({ agent: 'slow', input: 'go' });
      await until('the effect to happen', 20_000, async () =>
        (await product.counter.effects()).length === 1 ? true : null,
      );
      const [suspended] = product.workers;
      suspended?.signal('SIGSTOP');
      await product.startWorker();
      const { attention } = await product.settled(id, 180_000);
      expect(attention.map((item) => item.kind)).toEqual(['unknown-effect']);
      await writeFile(go, '');
      suspended?.signal('SIGCONT');
      expect(await product.ended(id)).toBe('succeeded');
      const events = await product.events(id);
      expect(events.filter((event) => event.type === 'run.taken_over').map((event) => event.data['why'])).toEqual([
        'lease-expired',
      ]);
      expect(events.filter((event) => event.type === 'tool.resolved').map((event) => event.data['how'])).toEqual([
        'late-result',
      ]);
      expect([...(await product.counter.timesByKey()).values()]).toEqual([1]);
    } finally {
      await product.stop();
    }
  }, 300_000);
});
