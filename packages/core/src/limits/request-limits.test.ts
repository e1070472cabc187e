import type { OwnLimits, RateName } from '@holdfast/contracts';
import { defaultRates } from '@holdfast/contracts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '../use-cases/caller.ts';
import { type RateLimiter, RateLimiterUnavailable } from './rate-limiter.ts';
import { type CallerClass, type RateClass, RequestLimits, whenUnavailable } from './request-limits.ts';

class Counts implements RateLimiter {
  readonly counts = new Map<string, number>();
  failure: Error | null = null;

  take(bucket: string): Promise<{ count: number; resetMs: number }> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const count = (this.counts.get(bucket) ?? 0) + 1;
    this.counts.set(bucket, count);
    return Promise.resolve({ count, resetMs: 3_200 });
  }
}

const rates = { ...defaultRates, 'caller.read': 1, 'tenant.read': 2, 'address.auth': 1 };
const callerOf = (tenant: string, id: string): Caller => ({ tenant, by: { type: 'api-key', id, roles: [] } });

let counts: Counts;
let lines: string[];
let counted: string[];
let own: OwnLimits;
let limits: RequestLimits;

beforeEach(() => {
  counts = new Counts();
  lines = [];
  counted = [];
  own = {};
  const say = (level: string) => (_facts: object, message: string) => void lines.push(`${level} ${message}`);
  limits = new RequestLimits({
    limiter: counts,
    rates,
    own: () => Promise.resolve(own),
    log: { info: say('info'), warn: say('warn'), error: say('error') },
    metrics: {
      refused: (name: RateName) => void counted.push(`refused ${name}`),
      uncounted: (rateClass: RateClass) => void counted.push(`uncounted ${rateClass}`),
    },
  });
});

const times = async (count: number, caller: Caller, rateClass: CallerClass = 'read'): Promise<string[]> => {
  const types: string[] = [];
  for (let index = 0; index < count; index += 1) types.push((await limits.caller(caller, rateClass)).type);
  return types;
};
const letIn = (types: readonly string[]): number => types.filter((type) => type === 'let-in').length;

test('a window of a rate is let through, and not one more', async () => {
  const types = await times(12, callerOf('t', 'a'));
  expect(types).toEqual([...Array<string>(10).fill('let-in'), 'refused', 'refused']);
  expect(counted).toEqual(['refused caller.read', 'refused caller.read']);
  expect(letIn(await times(1, callerOf('t', 'a'), 'write'))).toBe(1);
});

test('what a caller is refused takes nothing from the tenant', async () => {
  expect(letIn(await times(100, callerOf('t', 'a')))).toBe(10);
  expect(letIn(await times(10, callerOf('t', 'b')))).toBe(10);
  // The tenant has used up its own.
  expect(letIn(await times(10, callerOf('t', 'c')))).toBe(0);
  expect(new Set(counted)).toEqual(new Set(['refused caller.read', 'refused tenant.read']));
  expect(letIn(await times(10, callerOf('other', 'a')))).toBe(10);
});

test('says how much is left of each limit, the one that refuses last', async () => {
  const caller = callerOf('t', 'a');
  const state = { windowSeconds: 10, resetSeconds: 4 };
  expect((await limits.caller(caller, 'read')).states).toEqual([
    { name: 'caller.read', most: 10, remaining: 9, ...state },
    { name: 'tenant.read', most: 20, remaining: 19, ...state },
  ]);
  await times(9, caller);
  expect(await limits.caller(caller, 'read')).toEqual({
    type: 'refused',
    states: [{ name: 'caller.read', most: 10, remaining: 0, ...state }],
  });
});

test('a tenant may have numbers of its own', async () => {
  own = { 'caller.read': 3 };
  expect(letIn(await times(25, callerOf('t', 'a')))).toBe(20);
  own = { 'caller.read': 3, 'tenant.read': 4 };
  expect(letIn(await times(10, callerOf('t', 'b')))).toBe(10);
});

test('addresses are counted by themselves', async () => {
  const types: string[] = [];
  for (let index = 0; index < 11; index += 1) types.push((await limits.address('192.0.2.1', 'auth')).type);
  expect(letIn(types)).toBe(10);
  expect((await limits.address('192.0.2.2', 'auth')).type).toBe('let-in');
});

test('off: nothing is counted', async () => {
  const off = new RequestLimits({
    limiter: counts,
    rates: null,
    own: () => Promise.reject(new Error('not asked')),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    metrics: { refused: () => undefined, uncounted: () => undefined },
  });
  expect(await off.caller(callerOf('t', 'a'), 'read')).toEqual({ type: 'let-in', states: [] });
  expect(await off.address('x', 'auth')).toEqual({ type: 'let-in', states: [] });
  expect(counts.counts.size).toBe(0);
});

describe('while nobody counts', () => {
  beforeEach(() => {
    counts.failure = new RateLimiterUnavailable('no answer');
  });

  test.each(Object.entries(whenUnavailable))('%s is %s', async (rateClass, choice) => {
    const verdict =
      rateClass === 'open' || rateClass === 'auth'
        ? await limits.address('x', rateClass)
        : await limits.caller(callerOf('t', 'a'), rateClass as CallerClass);
    expect(verdict).toEqual({ type: choice === 'open' ? 'let-in' : 'unavailable', states: [] });
    expect(counted).toEqual([`uncounted ${rateClass}`]);
  });

  test('that is logged once an outage, and when it is over', async () => {
    await times(3, callerOf('t', 'a'));
    counts.failure = null;
    await times(2, callerOf('t', 'a'));
    counts.failure = new RateLimiterUnavailable('again');
    await times(2, callerOf('t', 'a'));
    const [gone, back] = ['warn requests are not counted: rate limits do not hold', 'info requests are counted again'];
    expect(lines).toEqual([gone, back, gone]);
    expect(counted).toHaveLength(5);
  });

  test('a fault of ours is none of that', async () => {
    counts.failure = new TypeError('a fault');
    await expect(limits.caller(callerOf('t', 'a'), 'read')).rejects.toBeInstanceOf(TypeError);
  });
});
