import type { WebhookEvent } from '@holdfast/contracts';
import { webhookTypes } from '@holdfast/contracts';
import type {
  DisabledBecause,
  ExpectedVersion,
  TenantScope,
  Webhook,
  WebhookDelivery,
  WebhookSettings,
  WebhookStore,
} from '@holdfast/core';
import { arrayLiteral } from './array-literal.ts';
import { isUuid } from './ids.ts';
import type { Literal } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly events: string;
  readonly agent: string | null;
  readonly version: number;
  readonly disabled_because: DisabledBecause | null;
  readonly disabled_at: number | null;
  readonly failures: number;
  readonly failing_since: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const columns =
  'id, url, description, events, agent, version, disabled_because, disabled_at, failures, failing_since, created_at, updated_at';
const selectSql = `select ${columns} from holdfast.webhooks where tenant_id = $1`;

const deliverySql = `
  select id, run_id as run, seq, type, message, trigger, state, attempt, at, ms, status, error, response, retry_at as "retryAt"
  from holdfast.webhook_deliveries where tenant_id = $1 and webhook_id = $2`;

export class PostgresWebhookStore implements WebhookStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async create(scope: TenantScope, id: string, settings: WebhookSettings): Promise<Webhook> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<WebhookRow>(
        `insert into holdfast.webhooks (tenant_id, id, url, description, events, types, agent)
         values ($1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
        [scope.tenant, id, ...valuesOf(settings)],
      ),
    );
    if (row === undefined) throw new Error('An insert returned no row.');
    return webhookOf(row);
  }

  async get(scope: TenantScope, id: string): Promise<Webhook | null> {
    if (!isUuid(id)) return null;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<WebhookRow>(`${selectSql} and id = $2`, [scope.tenant, id]),
    );
    return row === undefined ? null : webhookOf(row);
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Webhook[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<WebhookRow>(`${selectSql} and ($2::uuid is null or id > $2) order by id limit $3`, [
        scope.tenant,
        after,
        limit,
      ]),
    );
    return rows.map(webhookOf);
  }

  update(
    scope: TenantScope,
    id: string,
    settings: WebhookSettings,
    expected: ExpectedVersion,
  ): Promise<Webhook | 'missing' | 'mismatch'> {
    return this.#scoped.in(scope, async (sql) => {
      const [row] = await sql.query<WebhookRow>(
        `update holdfast.webhooks
         set url = $3, description = $4, events = $5, types = $6, agent = $7, version = version + 1,
           updated_at = holdfast.now_ms()
         where tenant_id = $1 and id = $2 and ($8::integer is null or version = $8) returning ${columns}`,
        [scope.tenant, id, ...valuesOf(settings), typeof expected === 'number' ? expected : null],
      );
      if (row !== undefined) return webhookOf(row);
      const there = await sql.query('select from holdfast.webhooks where tenant_id = $1 and id = $2', [
        scope.tenant,
        id,
      ]);
      return there.length === 0 ? 'missing' : 'mismatch';
    });
  }

  async disable(scope: TenantScope, id: string): Promise<Webhook | null> {
    await this.#scoped.in(scope, (sql) =>
      sql.query(
        `update holdfast.webhooks
         set disabled_because = 'asked', disabled_at = holdfast.now_ms(), version = version + 1,
           updated_at = holdfast.now_ms()
         where tenant_id = $1 and id = $2 and disabled_because is null`,
        [scope.tenant, id],
      ),
    );
    return this.get(scope, id);
  }

  async enable(scope: TenantScope, id: string): Promise<Webhook | null> {
    await this.#scoped.in(scope, (sql) => sql.query('select holdfast.enable_webhook($1)', [id]));
    return this.get(scope, id);
  }

  delete(scope: TenantScope, id: string, expected: ExpectedVersion): Promise<'deleted' | 'missing' | 'mismatch'> {
    return this.#scoped.in(scope, async (sql) => {
      const [row] = await sql.query<{ version: number }>(
        'select version from holdfast.webhooks where tenant_id = $1 and id = $2 for update',
        [scope.tenant, id],
      );
      if (row === undefined) return 'missing';
      if (typeof expected === 'number' && row.version !== expected) return 'mismatch';
      await sql.query('select holdfast.delete_webhook($1)', [id]);
      return 'deleted';
    });
  }

  async rewind(
    scope: TenantScope,
    id: string,
    what: { readonly run: string } | { readonly since: number },
    limit: number,
  ): Promise<number | null> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ runs: number | null }>('select holdfast.rewind_webhook($1, $2, $3, $4) as runs', [
        id,
        'run' in what ? what.run : null,
        'since' in what ? what.since : null,
        limit,
      ]),
    );
    return row?.runs ?? null;
  }

  deliveries(
    scope: TenantScope,
    webhook: string,
    { state, run }: Parameters<WebhookStore['deliveries']>[2],
    before: string | null,
    limit: number,
  ): Promise<readonly WebhookDelivery[]> {
    return this.#scoped.in(scope, (sql) =>
      sql.query<WebhookDelivery>(
        `${deliverySql} and ($3::uuid is null or id < $3) and ($4::text is null or state = $4)
           and ($5::uuid is null or run_id = $5)
         order by id desc limit $6`,
        [scope.tenant, webhook, before, state ?? null, run ?? null, limit],
      ),
    );
  }

  async delivery(scope: TenantScope, webhook: string, id: string): Promise<WebhookDelivery | null> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<WebhookDelivery>(`${deliverySql} and id = $3`, [scope.tenant, webhook, id]),
    );
    return row ?? null;
  }

  async note(scope: TenantScope, webhook: string, delivery: WebhookDelivery): Promise<void> {
    await this.#scoped.in(scope, (sql) =>
      sql.query(saveAttemptSql, [webhook, null, null, null, null, ...deliveryValues(delivery)]),
    );
  }
}

/** `save_webhook_attempt`: webhook, cursor, rewinds, moves to, disable; then `deliveryValues`. */
export const saveAttemptSql = `
  select holdfast.save_webhook_attempt(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`;

export const deliveryValues = (delivery: WebhookDelivery): Literal[] => [
  delivery.id,
  delivery.run,
  delivery.seq,
  delivery.type,
  delivery.message,
  delivery.trigger,
  delivery.state,
  delivery.attempt,
  delivery.at,
  delivery.ms,
  delivery.status,
  delivery.error,
  delivery.response,
  delivery.retryAt,
];

const valuesOf = ({ url, description, events, agent }: WebhookSettings): Literal[] => [
  url,
  description,
  JSON.stringify(events),
  arrayLiteral(webhookTypes(events)),
  agent,
];

const webhookOf = (row: WebhookRow): Webhook => ({
  id: row.id,
  url: row.url,
  description: row.description,
  // As `valuesOf` wrote it.
  events: JSON.parse(row.events) as WebhookEvent[],
  agent: row.agent,
  version: row.version,
  disabled:
    row.disabled_because === null ? null : { because: row.disabled_because, at: row.disabled_at ?? row.updated_at },
  failures: row.failures,
  failingSince: row.failing_since,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
