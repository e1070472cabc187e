import { expect, test } from 'vitest';
import { inWords, problemInWords, type WhyWaits } from './why-waits.ts';

const why = (with_: Partial<WhyWaits>): WhyWaits => ({ because: 'workers', own: 0, others: 0, more: false, ...with_ });

test.each([
  [why({}), 'It has room everywhere and waits for a place at a worker. It is the next one.'],
  [why({ own: 1, others: 1 }), 'It has room everywhere and waits for a place at a worker. 2 go before it.'],
  [why({ because: 'tenant', own: 1 }), 'All slots of the tenant are taken. 1 goes before it.'],
  [why({ because: 'tenant', own: 1_000, more: true }), 'All slots of the tenant are taken. 1000 or more go before it.'],
])('%o', (given, words) => {
  expect(inWords(given)).toBe(words);
});

test.each([
  ['no_worker', 'No worker is running.'],
  ['engine_unavailable', 'The workers do not reach Temporal.'],
  ['tenant_suspended', 'The tenant is suspended: nothing is begun.'],
  [
    'installation_frozen',
    'The installation is frozen, since its database was restored or copied: nothing begins before holdfast thaw.',
  ],
] as const)('%s', (problem, words) => {
  expect(problemInWords(problem)).toBe(words);
});
