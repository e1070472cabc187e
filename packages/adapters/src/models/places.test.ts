import { expect, it } from 'vitest';
import { Places } from './places.ts';

const unaborted = new AbortController().signal;

it('gives places in order, and no more than there are', async () => {
  const places = new Places(2);
  const taken: number[] = [];
  const take = (name: number) => places.take(unaborted).then((mine) => void (mine && taken.push(name)));
  const all = [1, 2, 3, 4].map(take);
  await Promise.all(all.slice(0, 2));
  expect(taken).toEqual([1, 2]);
  places.leave();
  await all[2];
  expect(taken).toEqual([1, 2, 3]);
  places.leave();
  await all[3];
  expect(taken).toEqual([1, 2, 3, 4]);
});

it('passes over those who no longer want one, and loses none', async () => {
  const places = new Places(1);
  const gone = new AbortController();
  expect(await places.take(unaborted)).toBe(true);
  const second = places.take(gone.signal);
  const third = places.take(unaborted);
  gone.abort();
  expect(await second).toBe(false);
  places.leave();
  expect(await third).toBe(true);
  places.leave();
  expect(await places.take(AbortSignal.abort())).toBe(false);
  expect(await places.take(unaborted)).toBe(true);
});
