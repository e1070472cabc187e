import type { AttentionResource } from '@holdfast/sdk';
import { expect, test } from 'vitest';
import { decisionLine, question } from './decision-line.ts';

const reached = (limit: string, value: number): AttentionResource => ({
  run_id: '019a0000-0000-7000-8000-000000000000',
  agent: 'spender',
  ref: 'limit',
  kind: 'limit',
  call: null,
  role: null,
  approvers: [],
  since: '2030-01-31T09:00:00.000Z',
  until: null,
  detail: { limit, value },
});

test.each([
  ['steps', 4, 'steps is 4', '--raise N   (in steps)'],
  ['tokens', 900, 'tokens is 900', '--raise N   (in tokens)'],
  [
    'cost_usd_micros',
    500_000,
    'cost_usd_micros is 500000 ($0.50)',
    '--raise N   (in millionths of a dollar: 1000000 is $1)',
  ],
  ['active_ms', 90_500, 'active_ms is 90500 (90.5 s)', '--raise N   (in milliseconds)'],
])('the limit %s is asked about with its unit', (limit, value, asked, line) => {
  const item = reached(limit, value);
  expect(question(item)).toBe(asked);
  expect(decisionLine('holdfast', item)).toBe(`holdfast decide ${item.run_id} limit ${line}`);
});
