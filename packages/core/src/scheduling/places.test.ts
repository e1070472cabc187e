import { expect, test } from 'vitest';
import { isCrowding, placesOf } from './places.ts';

const runsOf = (tenant: string, count: number, weight?: number) =>
  Array.from({ length: count }, () => ({ tenant, weight }));

test.each([
  [50, 0, { free: 55, open: 50, shared: 50 }],
  [50, 49, { free: 6, open: 1, shared: 50 }],
  [50, 50, { free: 5, open: 0, shared: 50 }],
  [50, 55, { free: 0, open: 0, shared: 50 }],
  // More than its places: it took runs over while it was full.
  [50, 60, { free: 0, open: 0, shared: 50 }],
  [1, 0, { free: 2, open: 1, shared: 1 }],
])('of %i places with %i runs', (limit, count, expected) => {
  expect(placesOf(limit, runsOf('a', count))).toMatchObject(expected);
});

test('counts the runs of each tenant, whose weight need not be known of each run', () => {
  const { held } = placesOf(10, [...runsOf('a', 1, 3), ...runsOf('a', 1), ...runsOf('b', 1)]);
  expect([...held]).toEqual([
    ['a', { runs: 2, weight: 3 }],
    ['b', { runs: 1, weight: 1 }],
  ]);
});

test.each([
  ['one place is free', 50, [...runsOf('a', 49), ...runsOf('b', 5)], []],
  ['one has more than its share', 50, [...runsOf('a', 50), ...runsOf('b', 5)], ['a']],
  [
    'none has: the kept places are for others',
    50,
    [...runsOf('a', 25), ...runsOf('b', 25), ...runsOf('c', 5)],
    ['a', 'b'],
  ],
  ['shares go by weight', 50, [...runsOf('a', 40, 3), ...runsOf('b', 15)], ['a', 'b']],
  ['a heavy one may have more', 50, [...runsOf('a', 37, 3), ...runsOf('b', 18)], ['b']],
  ['one is everybody’s', 2, ['a', 'b', 'c'].flatMap((tenant) => runsOf(tenant, 1)), []],
  ['a tenant alone took over more than its places', 10, runsOf('a', 12), ['a']],
])('who makes room: %s', (_, limit, runs, crowding) => {
  const places = placesOf(limit, runs);
  expect(['a', 'b', 'c', 'd'].filter((tenant) => isCrowding(places, tenant))).toEqual(crowding);
});
