import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.ts';
import type { RunStore } from '../log/run-store.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import type { RunDirectory } from '../use-cases/run-directory.ts';
import { told } from './deliver-webhooks.ts';
import type { Webhook, WebhookDelivery } from './webhook.ts';
import { messageBody, messageId, TEST_TYPE, testBody } from './webhook-message.ts';
import { signingSecrets, type WebhookSecretPorts } from './webhook-secret.ts';
import type { WebhookSender } from './webhook-sender.ts';

export interface SendNowPorts extends WebhookSecretPorts {
  readonly sender: WebhookSender;
  readonly clock: Clock;
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly runs: Pick<RunStore, 'eventsAfter'>;
}

/** Sends a message that is about no run, also to a webhook that is disabled. What came of it is the caller's to note. */
export function sendTest(ports: SendNowPorts, scope: TenantScope, { id, url }: Webhook): Promise<WebhookDelivery> {
  const at = ports.clock.now();
  const subject = { run: null, seq: null, type: TEST_TYPE, message: `msg_${uuidv7().replaceAll('-', '')}` };
  return send(ports, scope, { id, url }, { ...subject, trigger: 'test', body: testBody(id, at), at });
}

/** Sends the event of a delivery once more, whatever came of it then. @throws HoldfastError `delivery_not_found`. */
export async function sendAgain(
  ports: SendNowPorts,
  scope: TenantScope,
  { id, url }: Webhook,
  delivery: WebhookDelivery,
): Promise<WebhookDelivery> {
  const { run, seq } = delivery;
  if (run === null || seq === null) throw noDelivery(delivery.id, 'it was a test; make another one');
  const ref = { tenant: scope.tenant, run };
  const summary = await ports.directory.get(ref);
  const [event] = await ports.runs.eventsAfter(ref, seq - 1, 1);
  if (summary === null || event?.seq !== seq) throw noDelivery(delivery.id, `run ${run} was deleted`);
  const { agent, version, metadata } = summary;
  const body = messageBody({ run, agent, version, metadata }, event);
  const message = messageId(id, run, event);
  const at = ports.clock.now();
  return send(ports, scope, { id, url }, { run, seq, type: event.type, message, trigger: 'replay', body, at });
}

export const noWebhook = (id: string): Error => refused('webhook_not_found', `There is no webhook ${id}.`);

export const noDelivery = (id: string, why?: string): Error =>
  refused('delivery_not_found', `Delivery ${id} cannot be sent again: ${why ?? 'the webhook has none with this id'}.`);

async function send(
  ports: SendNowPorts,
  scope: TenantScope,
  { id, url }: Pick<Webhook, 'id' | 'url'>,
  {
    body,
    at,
    ...what
  }: Pick<WebhookDelivery, 'run' | 'seq' | 'type' | 'message' | 'trigger' | 'at'> & { body: string },
): Promise<WebhookDelivery> {
  const secrets = await signingSecrets(ports, scope, id, at);
  const began = ports.clock.monotonic();
  const answer = await ports.sender.send({ url, message: what.message, at, body, secrets });
  if (answer.type === 'not-begun') throw new Error('a message that may begin at any time was not begun');
  const facts = told(answer);
  return {
    ...what,
    id: uuidv7({ msecs: at }),
    state: facts.error === null ? 'delivered' : 'failed',
    attempt: 1,
    at,
    ms: Math.round(ports.clock.monotonic() - began),
    ...facts,
    retryAt: null,
  };
}
