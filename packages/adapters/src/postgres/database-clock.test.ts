import { expect, test } from 'vitest';
import { DatabaseClock } from './database-clock.ts';

test('the clock is not ahead of the database, and a slow answer does not set it back', () => {
  const clock = new DatabaseClock();
  const at = clock.monotonic();
  clock.set(5_000_000, at - 10, at);
  const first = clock.now();
  expect(first).toBeGreaterThanOrEqual(5_000_000);
  expect(first).toBeLessThan(5_001_000);
  // The time was read somewhere in these 400 ms: what we have may be right.
  clock.set(5_000_000, at - 200, at + 200);
  expect(clock.now()).toBeGreaterThanOrEqual(first);
});

test('the clock follows a database whose time is another, in both directions', () => {
  const clock = new DatabaseClock();
  const at = clock.monotonic();
  clock.set(9_000_000, at, at);
  expect(clock.now()).toBeGreaterThanOrEqual(9_000_000);
  clock.set(5_000_000, at, at);
  expect(clock.now()).toBeLessThan(5_001_000);
  clock.set(7_000_000, at, at);
  expect(clock.now()).toBeGreaterThanOrEqual(7_000_000);
});

test('small corrections do not let it run backwards', () => {
  const clock = new DatabaseClock();
  const at = clock.monotonic();
  clock.set(5_000_500, at, at);
  const before = clock.now();
  clock.set(5_000_000, at, at);
  expect(clock.now()).toBe(before);
});
