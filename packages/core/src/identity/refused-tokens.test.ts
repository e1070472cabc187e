import { expect, test } from 'vitest';
import type { PlatformEntry } from '../tenants/platform-audit.ts';
import { RefusedTokens } from './refused-tokens.ts';

test('a flood gets a line each for the first 60 of a minute, and then one with the number of the rest', async () => {
  const lines: PlatformEntry[] = [];
  const refusedTokens = new RefusedTokens({ write: (entry) => Promise.resolve(void lines.push(entry)) });
  const one = { reason: 'it has expired', target: '/v1/me', requestId: 'r', from: '10.0.0.1' };
  for (let index = 0; index < 1_000; index += 1) await refusedTokens.note(one, 60_000 + index);
  expect(lines).toHaveLength(60);
  await refusedTokens.sweep(119_999);
  expect(lines).toHaveLength(60);
  await refusedTokens.sweep(120_000);
  expect(lines.slice(60).map(({ detail }) => detail)).toEqual([
    { target: '', reason: 'more than are written down one by one', refused: 940 },
  ]);
  await refusedTokens.note(one, 120_001);
  expect(lines).toHaveLength(62);
});
