import type { StoredEvent } from '../log/stored-event.ts';
import type { ExpectedVersion } from '../secrets/secret-rows.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { DeliveryState, DisabledBecause, Webhook, WebhookDelivery, WebhookSettings } from './webhook.ts';

/** Webhooks as people see them. What is due to be sent follows from appends, in their transactions. */
export interface WebhookStore {
  create(scope: TenantScope, id: string, settings: WebhookSettings): Promise<Webhook>;
  get(scope: TenantScope, id: string): Promise<Webhook | null>;
  /** Oldest first. */
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Webhook[]>;
  update(
    scope: TenantScope,
    id: string,
    settings: WebhookSettings,
    expected: ExpectedVersion,
  ): Promise<Webhook | 'missing' | 'mismatch'>;
  /** One that is disabled stays as it is. */
  disable(scope: TenantScope, id: string): Promise<Webhook | null>;
  /** What it missed is due at once. */
  enable(scope: TenantScope, id: string): Promise<Webhook | null>;
  /** With all that is kept about it, and all that is due. */
  delete(scope: TenantScope, id: string, expected: ExpectedVersion): Promise<'deleted' | 'missing' | 'mismatch'>;
  /**
   * Makes due again what was sent of one run, or of the runs that it was to be told of since a time. How many runs; null:
   * more than `limit`, and nothing is changed.
   */
  rewind(
    scope: TenantScope,
    id: string,
    what: { readonly run: string } | { readonly since: number },
    limit: number,
  ): Promise<number | null>;
  /** Newest first; `before` is the last id of the page before. */
  deliveries(
    scope: TenantScope,
    webhook: string,
    filter: { readonly state?: DeliveryState | undefined; readonly run?: string | undefined },
    before: string | null,
    limit: number,
  ): Promise<readonly WebhookDelivery[]>;
  delivery(scope: TenantScope, webhook: string, id: string): Promise<WebhookDelivery | null>;
  /** Of a test or a single replay. */
  note(scope: TenantScope, webhook: string, delivery: WebhookDelivery): Promise<void>;
}

/** What stands in a message about its run. */
export interface WebhookRun {
  readonly run: string;
  readonly agent: string;
  readonly version: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How far a webhook is with a run, and what comes next. */
export interface WebhookWork {
  readonly webhook: Pick<Webhook, 'id' | 'url' | 'failures' | 'failingSince'>;
  readonly run: WebhookRun;
  readonly cursor: WebhookCursor;
  /** null: nothing up to `cursor.last` is wanted any more. */
  readonly event: StoredEvent | null;
}

export interface WebhookCursor {
  readonly id: string;
  readonly last: number;
  /** Failed ones to send the event that is next, and when the first of them was. */
  readonly attempts: number;
  readonly firstFailedAt: number | null;
  /** Names a position: whoever was at work before it was rewound moves nothing. */
  readonly rewinds: number;
}

/** What workers send, from cursors that stand in the outbox. Each method is one statement. */
export interface WebhookQueue {
  /** null: there is nothing to send; let it rest. */
  next(scope: TenantScope, cursor: string): Promise<WebhookWork | null>;
  /** `movesTo`: the number of the next event, null = the same again. `disable`: no more attempts are made. */
  save(
    scope: TenantScope,
    work: WebhookWork,
    delivery: WebhookDelivery,
    outcome: { readonly movesTo: number | null; readonly disable: DisabledBecause | null },
  ): Promise<void>;
  skip(scope: TenantScope, cursor: WebhookCursor): Promise<void>;
  /** Takes it out of the outbox. False: there is something to send after all, and nothing was done. */
  rest(scope: TenantScope, cursor: string): Promise<boolean>;
}
