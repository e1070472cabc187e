import { expect, test } from 'vitest';
import { placesOf } from './places.ts';

const runsOf = (tenant: string, count: number) => Array.from({ length: count }, () => ({ tenant }));

test.each([
  [50, 0, { free: 55, open: 50, few: 5 }],
  [50, 49, { free: 6, open: 1, few: 5 }],
  [50, 50, { free: 5, open: 0, few: 5 }],
  [50, 55, { free: 0, open: 0, few: 5 }],
  // More than its places: it took runs over while it was full.
  [50, 60, { free: 0, open: 0, few: 5 }],
  [1, 0, { free: 2, open: 1, few: 1 }],
])('of %i places with %i runs', (limit, count, expected) => {
  expect(placesOf(limit, runsOf('a', count))).toMatchObject(expected);
});

test('counts the runs of each tenant', () => {
  const { held } = placesOf(10, [...runsOf('a', 2), ...runsOf('b', 1)]);
  expect([...held]).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});
