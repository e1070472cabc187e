import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product, until } from './harness/product.ts';
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
        const post = async (path: string, body: object, key: string = randomUUID()): Promise<{ id: string }> => {
          const reply = await fetch(`${product.url}${path}`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${product.key}`,
              'content-type': 'application/json',
              'idempotency-key': key,
            },
            body: JSON.stringify(body),
          });
          expect(reply.status).toBe(201);
          return (await reply.json()) as { id: string };
        };
        const thread = await post('/v1/threads', {});
        const startAll = async (): Promise<string[]> => {
          const started: string[] = [];
          for (let index = 0; index < 3; index += 1) {
            const key = randomUUID();
            const { id } = await until('a start', 60_000, () =>
              post('/v1/runs', { agent: 'talker', thread: thread.id, input: `${index}` }, key),
            );
            started.push(id);
          }
          return started;
        };
        // On PGlite the API dies with the worker, and may do so before all are started.
        const [runs] = await Promise.all([startAll(), product.died()]);
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
