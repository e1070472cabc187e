import type { WebhookEvent } from '@holdfast/contracts';

/** `gone`: the receiver answered 410. `failing`: for longer than attempts are made. */
export type DisabledBecause = 'asked' | 'gone' | 'failing';

/** What people say of a webhook. */
export interface WebhookSettings {
  readonly url: string;
  readonly description: string;
  /** Types and groups, as they were asked for. */
  readonly events: readonly WebhookEvent[];
  /** Runs of this agent alone; null = of all. */
  readonly agent: string | null;
}

/** Somebody outside who is told of events of runs. Times in ms since 1970. */
export interface Webhook extends WebhookSettings {
  readonly id: string;
  /** Counts changes by people, from 1. */
  readonly version: number;
  readonly disabled: { readonly because: DisabledBecause; readonly at: number } | null;
  /** Attempts that failed since the last one that did not. */
  readonly failures: number;
  readonly failingSince: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** An event that is sent, once or again. */
export interface WebhookSubject {
  /** null: a test. */
  readonly run: string | null;
  readonly seq: number | null;
  readonly type: string;
  /** The header `webhook-id`: the same for every attempt to send this event to this webhook. */
  readonly message: string;
}

export type DeliveryState = 'delivered' | 'failed' | 'given-up';

/** One attempt that has ended. */
export interface WebhookDelivery extends WebhookSubject {
  /** UUIDv7 */
  readonly id: string;
  readonly trigger: 'event' | 'replay' | 'test';
  readonly state: DeliveryState;
  /** Counts from 1. */
  readonly attempt: number;
  readonly at: number;
  readonly ms: number;
  /** HTTP status; null = there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
  /** The beginning of what was answered. */
  readonly response: string | null;
  readonly retryAt: number | null;
}
