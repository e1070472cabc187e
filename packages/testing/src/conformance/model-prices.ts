import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenStores, Stores } from './stores.ts';

/** What models cost, version after version. */
export function describeModelPrices(name: string, open: OpenStores): void {
  describe(`model prices: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const price = (mtok: number) => ({ input_per_mtok: mtok, output_per_mtok: 2 * mtok });
    const current = async () => (await stores.worker('me')).prices.current();

    test('have a new version where they are others than the last ones, and keep the old ones', async () => {
      const [one, two] = [`a-${randomUUID()}`, `b:${randomUUID()}/x`];
      const { prices } = stores.api;
      expect(
        await prices.record(
          new Map([
            [one, price(1)],
            [two, price(5)],
          ]),
        ),
      ).toBe(2);
      expect(
        await prices.record(
          new Map([
            [one, price(1)],
            [two, price(5)],
          ]),
        ),
      ).toBe(0);
      expect(await prices.record(new Map([[one, price(3)]]))).toBe(1);
      // Back to the first is a change, too.
      expect(await prices.record(new Map([[one, price(1)]]))).toBe(1);
      expect((await current()).get(one)).toEqual({ version: 3, prices: price(1) });
      // Whoever is not named keeps what it had.
      expect((await current()).get(two)).toEqual({ version: 1, prices: price(5) });
      const versions = await prices.list(one, null, 10);
      expect(versions.map(({ version, prices: of }) => [version, of.input_per_mtok])).toEqual([
        [3, 1],
        [2, 3],
        [1, 1],
      ]);
      const [newest, , oldest] = versions;
      expect(newest?.validFrom).toBeGreaterThanOrEqual(oldest?.validFrom ?? Infinity);
      expect(await prices.list(one, { model: one, version: 3 }, 1)).toEqual(versions.slice(1, 2));
      expect((await prices.list(null, { model: one, version: 2 }, 2)).map(({ model }) => model)[0]).toBe(one);
    });

    test('are recorded once by processes that start together', async () => {
      const model = randomUUID();
      const recorded = await Promise.all(
        Array.from({ length: 5 }, () => stores.api.prices.record(new Map([[model, price(7)]]))),
      );
      expect(recorded.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 1]);
      expect(await stores.api.prices.list(model, null, 10)).toHaveLength(1);
    });
  });
}
