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
  guard.watch(of('a'), () => ended.push('a1'));
  guard.watch(of('a'), () => ended.push('a2'));
  guard.watch(of('a'), () => ended.push('left'))();
  guard.watch(of('b'), () => ended.push('b'));
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
  const leave = guard.watch(of('a'), () => undefined);
  leave();
  leave();
  await guard.sweep();
  expect(asked).toEqual([]);
});
