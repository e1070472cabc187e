import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.ts';
import type { StoredEvent } from '../log/stored-event.ts';
import type { OutboxHandler, OutboxRow } from '../scheduling/outbox.ts';
import type { WebhookDelivery } from './webhook.ts';
import { messageBody, messageId } from './webhook-message.ts';
import { verdictOf, type WebhookPolicy } from './webhook-policy.ts';
import { signingSecrets, type WebhookSecretPorts } from './webhook-secret.ts';
import type { WebhookAnswer, WebhookSender } from './webhook-sender.ts';
import type { WebhookQueue, WebhookWork } from './webhook-store.ts';

export interface DeliverPorts extends WebhookSecretPorts {
  readonly webhooks: WebhookQueue;
  readonly sender: WebhookSender;
  readonly clock: Clock;
  readonly webhookPolicy: WebhookPolicy;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** The longest that a sender waits, ms. */
export const WEBHOOK_TIMEOUT_MS = 15_000;
/** Together with one request, less than a row of kind `webhook` is reserved for. */
const SLICE_MS = 3_000;
/** Of one webhook in this process, so that a slow receiver leaves room to others. */
const AT_ONCE = 8;
/** From so many failures in a row on, the receiver is taken for dead and asked by one run at a time. */
const DEAD = 10;
const FULL_MS = 1_000;
const DEAD_MS = 15_000;

/**
 * Handles rows of kind `webhook`, whose subject is a cursor: sends what its run's log holds from there on, one event
 * after the other, each until it was taken. Two workers never have the same cursor unless one stood still.
 */
export function deliverWebhooks(ports: DeliverPorts): OutboxHandler {
  const busy = new Map<string, number>();
  return async (row) => {
    const { webhooks, clock } = ports;
    const scope = { tenant: row.tenant };
    const until = clock.monotonic() + SLICE_MS;
    do {
      const work = await webhooks.next(scope, row.subject);
      if (work === null) {
        if (await webhooks.rest(scope, row.subject)) return 'done';
        continue;
      }
      const { webhook, event } = work;
      if (event === null) {
        await webhooks.skip(scope, work.cursor);
        continue;
      }
      const dead = webhook.failures >= DEAD;
      const others = busy.get(webhook.id) ?? 0;
      if (others >= (dead ? 1 : AT_ONCE))
        return { again: clock.now() + Math.round((dead ? DEAD_MS : FULL_MS) * (1 + ports.random())) };
      busy.set(webhook.id, others + 1);
      try {
        const again = await deliver(ports, row, work, event);
        if (again !== null) return { again };
      } finally {
        const left = (busy.get(webhook.id) ?? 1) - 1;
        if (left === 0) busy.delete(webhook.id);
        else busy.set(webhook.id, left);
      }
    } while (clock.monotonic() < until);
    return { again: clock.now() };
  };
}

/** One attempt. Returns when there is to be another one; null: look what is next. */
async function deliver(
  ports: DeliverPorts,
  { tenant, reservedUntil }: OutboxRow,
  work: WebhookWork,
  event: StoredEvent,
): Promise<number | null> {
  const { webhooks, sender, clock } = ports;
  const { webhook, run, cursor } = work;
  const scope = { tenant };
  const at = clock.now();
  const message = messageId(webhook.id, run.run, event);
  const began = clock.monotonic();
  const answer = await sender.send({
    url: webhook.url,
    message,
    at,
    body: messageBody(run, event),
    secrets: await signingSecrets(ports, scope, webhook.id, at),
    // A process that stood still finds its row with another.
    mayBegin: () => clock.now() + WEBHOOK_TIMEOUT_MS < reservedUntil,
  });
  if (answer.type === 'not-begun') return clock.now();
  const ms = Math.round(clock.monotonic() - began);
  const { attempts, firstFailedAt } = cursor;
  const { failingSince } = webhook;
  const before = { attempts, firstFailedAt, failingSince };
  const verdict = verdictOf(ports.webhookPolicy, answer, before, at, ports.random());
  const retryAt = verdict.type === 'retry' ? verdict.at : null;
  const delivery: WebhookDelivery = {
    id: uuidv7({ msecs: at }),
    run: run.run,
    seq: event.seq,
    type: event.type,
    message,
    trigger: 'event',
    state: verdict.type === 'delivered' ? 'delivered' : verdict.type === 'give-up' ? 'given-up' : 'failed',
    attempt: attempts + 1,
    at,
    ms,
    ...told(answer),
    retryAt,
  };
  await webhooks.save(scope, work, delivery, {
    movesTo: verdict.type === 'delivered' || verdict.type === 'give-up' ? event.seq + 1 : null,
    disable: verdict.type === 'disable' ? verdict.because : null,
  });
  return retryAt;
}

/** What a line of the log of deliveries says of an answer. */
export function told(
  answer: Exclude<WebhookAnswer, { type: 'not-begun' }>,
): Pick<WebhookDelivery, 'status' | 'error' | 'response'> {
  if (answer.type === 'no-answer') return { status: null, error: answer.error, response: null };
  const { status, response } = answer;
  const error = status >= 200 && status < 300 ? null : `HTTP ${status}`;
  return { status, error, response };
}
