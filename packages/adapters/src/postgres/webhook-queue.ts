import type {
  DisabledBecause,
  StoredEvent,
  TenantScope,
  WebhookCursor,
  WebhookDelivery,
  WebhookQueue,
  WebhookWork,
} from '@holdfast/core';
import type { Connections } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';
import { deliveryValues, saveAttemptSql } from './webhook-store.ts';

interface WorkRow {
  readonly webhook_id: string;
  readonly url: string;
  readonly failures: number;
  readonly failing_since: number | null;
  readonly run_id: string;
  readonly agent: string;
  readonly agent_version: number;
  readonly metadata: string;
  readonly last_seq: number;
  readonly attempts: number;
  readonly first_failed_at: number | null;
  readonly rewinds: number;
  readonly seq: number | null;
  readonly type: string;
  readonly format: number;
  readonly at: number;
  readonly payload: string;
}

const nextSql = `
  select w.id as webhook_id, w.url, w.failures, w.failing_since, c.run_id, r.agent, r.version as agent_version, r.metadata,
    c.last_seq, c.attempts, c.first_failed_at, c.rewinds, e.seq, e.type, e.format, e.at, e.payload
  from holdfast.webhook_cursors c
  join holdfast.webhooks w on w.tenant_id = c.tenant_id and w.id = c.webhook_id and w.disabled_because is null
  join holdfast.runs r on r.id = c.run_id
  left join lateral (
    select e.seq, e.type, e.format, e.at, e.payload from holdfast.run_events e
    where e.run_id = c.run_id and e.seq between c.next_seq and c.last_seq and e.type = any (w.types)
    order by e.seq limit 1
  ) e on true
  where c.id = $1 and c.tenant_id = $2 and c.next_seq <= c.last_seq`;

/** Every call is one message to the server: an append may wait for the rows, and shall not wait for a process. */
export class PostgresWebhookQueue implements WebhookQueue {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async next(scope: TenantScope, cursor: string): Promise<WebhookWork | null> {
    const [row] = await this.#scoped.read<WorkRow>(scope, nextSql, [cursor, scope.tenant]);
    if (row === undefined) return null;
    return {
      webhook: { id: row.webhook_id, url: row.url, failures: row.failures, failingSince: row.failing_since },
      run: {
        run: row.run_id,
        agent: row.agent,
        version: row.agent_version,
        // As the run was created with.
        metadata: JSON.parse(row.metadata) as Record<string, string>,
      },
      cursor: {
        id: cursor,
        last: row.last_seq,
        attempts: row.attempts,
        firstFailedAt: row.first_failed_at,
        rewinds: row.rewinds,
      },
      event: eventOf(row),
    };
  }

  async save(
    scope: TenantScope,
    { webhook, cursor }: WebhookWork,
    delivery: WebhookDelivery,
    { movesTo, disable }: { readonly movesTo: number | null; readonly disable: DisabledBecause | null },
  ): Promise<void> {
    const values = [webhook.id, cursor.id, cursor.rewinds, movesTo, disable, ...deliveryValues(delivery)];
    await this.#scoped.read(scope, saveAttemptSql, values);
  }

  async skip(scope: TenantScope, { id, rewinds, last }: WebhookCursor): Promise<void> {
    await this.#scoped.read(scope, 'select holdfast.skip_webhook($1, $2, $3)', [id, rewinds, last + 1]);
  }

  async rest(scope: TenantScope, cursor: string): Promise<boolean> {
    const text = 'select holdfast.rest_webhook($1) as rested';
    const [row] = await this.#scoped.read<{ rested: boolean }>(scope, text, [cursor]);
    return row?.rested === true;
  }
}

const eventOf = ({ seq, type, format, at, payload }: WorkRow): StoredEvent | null =>
  seq === null
    ? null
    : { seq, type, format, at, payload, call: null, model: null, tokens: null, costUsdMicros: null, appendId: null };

const KEPT_MS = 30 * 86_400_000;
const CLEANED_AT_ONCE = 500;

/** Deletes a small batch of lines of the log of deliveries that are 30 days old; returns how many. */
export async function cleanDeliveries(connections: Connections): Promise<number> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ deleted: number }>('select holdfast.clean_deliveries(holdfast.now_ms() - $1::bigint, $2) as deleted', [
      KEPT_MS,
      CLEANED_AT_ONCE,
    ]),
  );
  return row?.deleted ?? 0;
}
