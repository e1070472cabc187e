import { expect, it } from 'vitest';
import type { PriceList } from '../run/price-list.ts';
import { currentPrices } from './current-prices.ts';

const list = (version: number): PriceList =>
  new Map([['m', { version, prices: { input_per_mtok: 1, output_per_mtok: 1 } }]]);

it('reads the prices once in two seconds, for whoever asks at once too, and again after it could not', async () => {
  let now = 0;
  let reads = 0;
  let fails = false;
  const store = {
    current: () => {
      reads += 1;
      return fails ? Promise.reject(new Error('away')) : Promise.resolve(list(reads));
    },
  };
  const prices = currentPrices(store, { monotonic: () => now });
  const [one, two] = await Promise.all([prices(), prices()]);
  expect([one, two, reads]).toEqual([list(1), list(1), 1]);
  now = 1_999;
  expect(await prices()).toEqual(list(1));
  now = 2_000;
  fails = true;
  await expect(prices()).rejects.toThrow('away');
  fails = false;
  expect(await prices()).toEqual(list(3));
});
