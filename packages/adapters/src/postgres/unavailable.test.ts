import { expect, test } from 'vitest';
import { insistently } from './unavailable.ts';

const failing = (code: string, times: number) => {
  let tries = 0;
  return {
    tries: () => tries,
    attempt: async () => {
      tries += 1;
      if (tries <= times) throw Object.assign(new Error(code), { code });
      return Promise.resolve('done');
    },
  };
};

test.each(['40P01', '40001', '0A000', '26000'])('a transaction that ended with %s is tried again', async (code) => {
  const once = failing(code, 1);
  expect(await insistently(once.attempt)).toBe('done');
  expect(once.tries()).toBe(2);
});

test('as often as makes sense, and not after any other error', async () => {
  const always = failing('40P01', Number.POSITIVE_INFINITY);
  await expect(insistently(always.attempt)).rejects.toThrow('40P01');
  expect(always.tries()).toBe(5);
  const other = failing('23505', 1);
  await expect(insistently(other.attempt)).rejects.toThrow('23505');
  expect(other.tries()).toBe(1);
});
