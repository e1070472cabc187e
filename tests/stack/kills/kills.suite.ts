import { describe, expect, test } from 'vitest';
import type { Stack } from '../harness/start-stack.ts';
import { countPromises } from './broken-promises.ts';
import { deaths, type Died, killParts } from './kill-parts.ts';
import { Load } from './load.ts';
import { tableOf } from './table.ts';

/** A few of the deaths; `npm run stack -- --kills` tries all. What is not here has suites of its own in tests/chaos. */
const some = deaths.filter(({ parts }) =>
  ['cache', 'store', 'api'].some((name) => parts.some((part) => part === name)),
);

export function killsSuite(stack: () => Stack): void {
  describe('parts are killed under load', () => {
    test('no accepted run is lost, no `once` effect doubled or lost, no event missing', async () => {
      const load = await Load.begin(stack());
      const died: Died[] = [];
      for (const death of some) died.push(await killParts(stack(), load, death, { goneMs: 3_000, calmMs: 1_000 }));
      await load.finish(60_000);
      const { broken, accepted } = await countPromises(stack(), load, died);
      // oxlint-disable-next-line eslint/no-console
      console.info(tableOf(load, died).join('\n'));
      expect(broken, [...load.gaveUp.keys()].join('\n')).toEqual([]);
      expect(accepted).toBeGreaterThan(10);
    }, 240_000);
  });
}
