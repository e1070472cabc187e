import { expect, test, vi } from 'vitest';
import type { OutboxRow } from '../scheduling/outbox.ts';
import { deliverWebhooks, type DeliverPorts } from './deliver-webhooks.ts';
import type { DisabledBecause, WebhookDelivery } from './webhook.ts';
import { webhookPolicy } from './webhook-policy.ts';
import type { WebhookAnswer, WebhookRequest } from './webhook-sender.ts';
import type { WebhookWork } from './webhook-store.ts';

const START = 1_700_000_000_000;
const row: OutboxRow = { kind: 'webhook', tenant: 't', subject: 'c', attempt: 1, reservedUntil: START + 20_000 };
const ok: WebhookAnswer = { type: 'answered', status: 204, response: '', retryAfterMs: null };
const broken: WebhookAnswer = { type: 'answered', status: 500, response: 'oh', retryAfterMs: null };

/** A webhook with a run of so many events, all wanted, and time that is handed in. */
function world(events: number, answer: (request: WebhookRequest) => WebhookAnswer | Promise<WebhookAnswer>) {
  const it = {
    now: START,
    next: 1,
    attempts: 0,
    firstFailedAt: null as number | null,
    failures: 0,
    failingSince: null as number | null,
    disabled: null as DisabledBecause | null,
    sent: [] as WebhookRequest[],
    deliveries: [] as WebhookDelivery[],
    rested: 0,
  };
  const work = (): WebhookWork => ({
    webhook: { id: 'w', url: 'https://x.test', failures: it.failures, failingSince: it.failingSince },
    run: { run: 'r', agent: 'a', version: 1, metadata: {} },
    cursor: { id: 'c', last: events, attempts: it.attempts, firstFailedAt: it.firstFailedAt, rewinds: 0 },
    event: {
      seq: it.next,
      type: 'tool.called',
      format: 1,
      at: START,
      payload: '{}',
      call: null,
      model: null,
      tokens: null,
      costUsdMicros: null,
      appendId: null,
    },
  });
  const ports: DeliverPorts = {
    clock: { now: () => it.now, monotonic: () => it.now },
    random: () => 0.5,
    webhookPolicy,
    secrets: {
      read: () => Promise.resolve([{ name: 'webhook:w', version: 1, keyId: 'k', nonce: 'n', ciphertext: 'c' }]),
    },
    cipher: {
      open: () => JSON.stringify({ current: 'whsec_new', previous: { secret: 'whsec_old', until: START + 1 } }),
    },
    sender: {
      refusal: () => null,
      send: async (request) => {
        if (request.mayBegin?.() === false) return { type: 'not-begun' };
        it.sent.push(request);
        return answer(request);
      },
    },
    webhooks: {
      next: () => Promise.resolve(it.next > events || it.disabled !== null ? null : work()),
      save: (_scope, _work, delivery, { movesTo, disable }) => {
        it.deliveries.push(delivery);
        const failed = delivery.state !== 'delivered';
        it.failures = failed ? it.failures + 1 : 0;
        it.failingSince = failed ? (it.failingSince ?? delivery.at) : null;
        it.attempts = movesTo === null ? it.attempts + 1 : 0;
        it.firstFailedAt = movesTo === null ? (it.firstFailedAt ?? delivery.at) : null;
        it.next = movesTo ?? it.next;
        it.disabled ??= disable;
        return Promise.resolve();
      },
      skip: () => Promise.reject(new Error('everything is wanted')),
      rest: () => Promise.resolve((it.rested += 1) > 0),
    },
  };
  return { it, ports, handle: deliverWebhooks(ports) };
}

test('sends what there is, in order, and lets it rest', async () => {
  const { it, handle } = world(3, () => ok);
  expect(await handle(row)).toBe('done');
  expect(it.deliveries.map(({ seq, state, attempt }) => [seq, state, attempt])).toEqual([
    [1, 'delivered', 1],
    [2, 'delivered', 1],
    [3, 'delivered', 1],
  ]);
  expect(it.rested).toBe(1);
  expect(it.sent[0]?.secrets).toEqual(['whsec_new', 'whsec_old']);
  it.now = START + 1;
  it.next = 3;
  await handle(row);
  expect(it.sent.at(-1)?.secrets).toEqual(['whsec_new']);
});

test('stops at the first that was not taken, with the same id at the next attempt', async () => {
  let fails = 1;
  const { it, handle } = world(2, () => ((fails -= 1) >= 0 ? broken : ok));
  expect(await handle(row)).toEqual({ again: START + 5_000 });
  expect(it.deliveries).toMatchObject([
    { seq: 1, state: 'failed', status: 500, error: 'HTTP 500', response: 'oh', retryAt: START + 5_000 },
  ]);
  expect(await handle(row)).toBe('done');
  expect(it.deliveries.map(({ seq, attempt }) => [seq, attempt])).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
  ]);
  expect(it.sent[0]?.message).toBe(it.sent[1]?.message);
});

test('gives the row back after a while, however much there is', async () => {
  const { it, handle } = world(1_000, () => {
    it.now += 1_000;
    return ok;
  });
  expect(await handle(row)).toEqual({ again: START + 3_000 });
  expect(it.deliveries).toHaveLength(3);
});

test('begins nothing once its row may be with another', async () => {
  const { it, handle } = world(1, () => ok);
  it.now = START + 5_001;
  expect(await handle(row)).toEqual({ again: START + 5_001 });
  expect([it.sent, it.deliveries]).toEqual([[], []]);
});

test('after three days of failures the webhook is disabled, with its place kept', async () => {
  const { it, handle } = world(2, () => ({ type: 'no-answer', error: 'connection refused' }));
  for (;;) {
    const outcome = await handle({ ...row, reservedUntil: it.now + 20_000 });
    if (outcome === 'done') break;
    it.now = outcome.again;
  }
  expect(it.disabled).toBe('failing');
  expect(it.now - START).toBe(3 * 86_400_000);
  expect(it.next).toBe(1);
  expect(it.deliveries.length).toBeGreaterThan(12);
  expect(it.deliveries.every(({ seq, state }) => seq === 1 && state === 'failed')).toBe(true);
  // Enabled, it goes on there.
  Object.assign(it, { disabled: null, failures: 0, failingSince: null, attempts: 0, firstFailedAt: null });
  expect(await handle({ ...row, reservedUntil: it.now + 20_000 })).toMatchObject({ again: expect.any(Number) });
  expect(it.deliveries.at(-1)).toMatchObject({ seq: 1, attempt: 1 });
});

test('a slow receiver is asked by eight runs at a time, a dead one by one', async () => {
  const waiting: ((answer: WebhookAnswer) => void)[] = [];
  const { it, handle } = world(1, () => new Promise<WebhookAnswer>((resolve) => void waiting.push(resolve)));
  const runs = Array.from({ length: 10 }, () => handle(row));
  expect(await Promise.all(runs.slice(8))).toEqual([{ again: START + 1_500 }, { again: START + 1_500 }]);
  await vi.waitUntil(() => it.sent.length === 8);
  for (const answer of waiting.splice(0)) answer(broken);
  await Promise.all(runs);
  it.failures = 10;
  const [, second] = [handle(row), handle(row)];
  expect(await second).toEqual({ again: START + 22_500 });
  await vi.waitUntil(() => it.sent.length === 9);
});
