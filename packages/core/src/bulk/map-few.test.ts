import { expect, test } from 'vitest';
import { mapFew } from './map-few.ts';

test.each([
  [0, 0],
  [2, 2],
  [10, 3],
])('of %i items %i are under way at most, and the results are in order', async (count, most) => {
  const items = Array.from({ length: count }, (_, index) => index);
  let [now, peak] = [0, 0];
  const results = await mapFew(items, 3, async (item) => {
    now += 1;
    peak = Math.max(peak, now);
    // The first ones end last.
    for (let turn = item; turn < count; turn += 1) await Promise.resolve();
    now -= 1;
    return item * 2;
  });
  expect(results).toEqual(items.map((item) => item * 2));
  expect(peak).toBe(most);
});

test('an error is thrown, and nothing begins after it', async () => {
  const begun: number[] = [];
  const work = (item: number): Promise<number> => {
    begun.push(item);
    return item === 1 ? Promise.reject(new Error('no')) : Promise.resolve(item);
  };
  await expect(mapFew([0, 1, 2, 3, 4, 5, 6, 7, 8], 2, work)).rejects.toThrow('no');
  expect(begun.length).toBeLessThan(5);
});
