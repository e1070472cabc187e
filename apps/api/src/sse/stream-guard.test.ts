import { expect, test } from 'vitest';
import { StreamGuard } from './stream-guard.ts';

const of = (authorization: string) => ({ authorization, tenant: null });

test('ends the streams of a key that is let in no longer, and asks once for each key', async () => {
  const asked: string[] = [];
  const good = new Set(['a', 'b']);
  const guard = new StreamGuard(({ authorization = '' }) => {
    asked.push(authorization);
    return Promise.resolve(good.has(authorization));
  });
  const ended: string[] = [];
  guard.watch(of('a'), 'runs.events', () => ended.push('a1'));
  guard.watch(of('a'), 'runs.events', () => ended.push('a2'));
  guard.watch(of('a'), 'runs.events', () => ended.push('left'))();
  guard.watch(of('b'), 'runs.events', () => ended.push('b'));
  await guard.sweep();
  expect([asked, ended]).toEqual([['a', 'b'], []]);
  good.delete('a');
  await guard.sweep();
  await guard.sweep();
  expect(ended).toEqual(['a1', 'a2']);
  expect(asked).toEqual(['a', 'b', 'a', 'b', 'b']);
});

test('forgets a key whose last stream is gone', async () => {
  const asked: string[] = [];
  const guard = new StreamGuard(({ authorization = '' }) => Promise.resolve(asked.push(authorization) > 0));
  const leave = guard.watch(of('a'), 'runs.events', () => undefined);
  leave();
  leave();
  await guard.sweep();
  expect(asked).toEqual([]);
});

test('a caller who cannot be asked about keeps nobody else from being looked at', async () => {
  const guard = new StreamGuard(({ authorization }) =>
    authorization === 'odd' ? Promise.reject(new Error('no answer')) : Promise.resolve(false),
  );
  const ended: string[] = [];
  guard.watch(of('odd'), 'runs.events', () => ended.push('odd'));
  guard.watch(of('bad'), 'runs.events', () => ended.push('bad'));
  await expect(guard.sweep()).rejects.toThrow('1 callers could not be checked');
  expect(ended).toEqual(['bad']);
});

test('sweeps do not overlap', async () => {
  let asked = 0;
  const answers: ((good: boolean) => void)[] = [];
  const guard = new StreamGuard(() => {
    asked += 1;
    return new Promise((resolve) => answers.push(resolve));
  });
  guard.watch(of('a'), 'runs.events', () => undefined);
  const both = Promise.all([guard.sweep(), guard.sweep()]);
  answers.shift()?.(true);
  await both;
  expect(asked).toBe(1);
});
