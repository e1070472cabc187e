import { describe, expect, test } from 'vitest';
import { callerClass, clientOf } from './rate-limits.ts';

describe('one client', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['2001:db8:1::', '2001:db8:1:0::/64'],
  ])('%s is %s', (address, client) => {
    expect(clientOf(address)).toBe(client);
  });
});

describe('a request counts as', () => {
  test.each([
    ['GET', undefined, 'read'],
    ['GET', 'text/event-stream', 'stream'],
    ['GET', 'application/json, text/event-stream;q=0.5', 'stream'],
    ['POST', 'text/event-stream', 'write'],
    ['DELETE', undefined, 'write'],
  ] as const)('%s, Accept %s: %s', (method, accept, rateClass) => {
    expect(callerClass({ method, headers: accept === undefined ? {} : { accept } })).toBe(rateClass);
  });
});
