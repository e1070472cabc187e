import type { StoredEvent } from '../log/stored-event.ts';
import { hashOf } from '../run/hash.ts';
import { wireText } from '../use-cases/wire-event.ts';
import type { WebhookRun } from './webhook-store.ts';

/**
 * The same whoever sends the event, and whenever: receivers know by it what they have seen. With the event's time, since
 * after a restore another event may have the number of one that was sent and lost.
 */
export const messageId = (webhook: string, run: string, { seq, at }: Pick<StoredEvent, 'seq' | 'at'>): string =>
  `msg_${hashOf([webhook, run, seq, at]).slice(0, 32)}`;

/** JSON text of a `WebhookMessage`. An event's facts are at most 64 KiB, a run's metadata 32 short texts. */
export const messageBody = ({ run, agent, version, metadata }: WebhookRun, event: StoredEvent): string =>
  `{"type":${JSON.stringify(event.type)},"timestamp":"${new Date(event.at).toISOString()}",` +
  `"data":{"run_id":"${run}","agent":${JSON.stringify(agent)},"version":${version},` +
  `"metadata":${JSON.stringify(metadata)},"event":${wireText(run, event)}}}`;

/** The type of a message that was asked for, and is about no run. */
export const TEST_TYPE = 'webhook.test';

export const testBody = (webhook: string, at: number): string =>
  JSON.stringify({ type: TEST_TYPE, timestamp: new Date(at).toISOString(), data: { webhook_id: webhook } });
