import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/sdk';
import { expect, it } from 'vitest';
import type { KillSpec } from './harness/kill-points.ts';
import { Product, until } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { seed } from './share.ts';

const deaths: readonly (readonly [string, KillSpec['at']])[] = [
  ['between the commit and the removal of the files', 'before-removal'],
  ['in the middle of their removal', 'in-removal'],
  ['when they are gone, before that was written down', 'after-removal'],
];

/** Two files each: a report, and an input that is too large for its event. */
const scribe = {
  name: 'scribe',
  tools: [{ builtin: 'artifacts.write' }],
  context: { max_tokens: 1_000_000 },
  rehearsal: [{ calls: [{ tool: 'artifacts_write', args: { name: 'a.txt', content: 'a' } }] }, { say: 'written' }],
};

onEachSetup(`a deletion (seed ${seed})`, (fresh, share) => {
  it.each(share(deaths))(
    'loses nothing and leaves nothing when the worker dies %s',
    async (_when, at) => {
      const product = await Product.start({ ...(await fresh()), kill: { at } });
      try {
        await product.publish(scribe);
        const { runs } = product.client;
        const made = await Promise.all(
          Array.from({ length: 3 }, () => runs.start({ agent: 'scribe', input: 'word '.repeat(20_000) })),
        );
        for (const { id } of made) expect(await product.ended(id)).toBe('succeeded');
        const [tenant = ''] = readdirSync(join(product.folder, 'data', 'artifacts'));
        const folder = (run: string): string => join(product.folder, 'data', 'artifacts', tenant, run);
        const [kept, ...deleted] = made.map(({ id }) => id);
        if (kept === undefined) throw new Error('no run was made');
        expect(readdirSync(folder(kept)).length).toBeGreaterThanOrEqual(2);
        const files = readdirSync(folder(kept)).toSorted();
        // On PGlite the API dies with the worker, and may do so before its answer has left.
        const died = product.died();
        for (const run of deleted)
          await until('the deletion', 20_000, () => runs.delete(run).then(() => true, unlessGone));
        await died;
        for (const run of deleted) {
          const failure = await until('the run to be gone', 20_000, () =>
            runs.get(run).then(
              () => null,
              (error: unknown) => error,
            ),
          );
          expect(failure).toMatchObject({ code: 'run_not_found' });
          await until('its files to be gone', 60_000, () => Promise.resolve(existsSync(folder(run)) ? null : true));
        }
        expect(readdirSync(folder(kept)).toSorted()).toEqual(files);
        expect(await runs.result(kept)).toMatchObject({ text: 'written' });
      } finally {
        await product.stop();
      }
    },
    120_000,
  );
});

/** When the answer was lost and it is asked again, the run is gone already. */
function unlessGone(error: unknown): true {
  if (error instanceof HoldfastError && error.code === 'run_not_found') return true;
  throw error;
}
