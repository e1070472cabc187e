import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('lets so many work at once, in order, whatever becomes of each', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3, 4].map((place) =>
    turns.take(async () => {
      begun.push(place);
      await new Promise<void>((end) => ends.push(end));
      if (place % 2 === 1) throw new Error(`work ${place}`);
      return place;
    }),
  );
  const settled = Promise.allSettled(works);
  for (const some of [
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ]) {
    await expect.poll(() => begun).toEqual(some);
    ends[some.length - 2]?.();
  }
  ends[4]?.();
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
});
