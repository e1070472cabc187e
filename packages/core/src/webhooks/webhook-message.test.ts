import { webhookGroups, webhookTypes } from '@holdfast/contracts';
import { expect, test } from 'vitest';
import { messageBody, messageId } from './webhook-message.ts';

test('an id is the same for the same event of the same webhook, and for no other', () => {
  const event = { seq: 3, at: 1_000 };
  const id = messageId('w', 'r', event);
  expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
  expect(messageId('w', 'r', { ...event })).toBe(id);
  const others = [
    messageId('w', 'r', { ...event, seq: 4 }),
    messageId('w', 's', event),
    messageId('v', 'r', event),
    // What took its place in a log that was restored.
    messageId('w', 'r', { ...event, at: 1_001 }),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

test('a large event stays a reference', () => {
  const payload = '{"payload_ref":{"digest":"aa","size":70000,"preview":"{"}}';
  const event = { seq: 3, type: 'tool.returned', format: 1, at: 1_700_000_000_000, payload };
  const run = { run: 'r', agent: 'a', version: 2, metadata: { quote: '"' } };
  const rest = { call: null, model: null, tokens: null, costUsdMicros: null, appendId: null };
  expect(JSON.parse(messageBody(run, { ...event, ...rest }))).toEqual({
    type: 'tool.returned',
    timestamp: '2023-11-14T22:13:20.000Z',
    data: {
      run_id: 'r',
      agent: 'a',
      version: 2,
      metadata: { quote: '"' },
      event: {
        run_id: 'r',
        seq: 3,
        type: 'tool.returned',
        format: 1,
        at: '2023-11-14T22:13:20.000Z',
        data: { payload_ref: { digest: 'aa', size: 70_000, preview: '{' } },
      },
    },
  });
});

test.each([
  [['ends'], ['run.succeeded', 'run.failed', 'run.cancelled']],
  [['tool.called'], ['tool.called']],
  [
    ['run.failed', 'ends'],
    ['run.failed', 'run.succeeded', 'run.cancelled'],
  ],
  [['attention', 'attention'], [...webhookGroups.attention]],
  [['all', 'ends'], [...webhookGroups.all]],
] as const)('%j stands for %j', (events, types) => {
  expect(webhookTypes(events)).toEqual(types);
});
