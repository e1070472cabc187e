import type { AuditLog } from '../audit/audit-log.ts';
import type { BudgetStore } from '../budgets/budget-store.ts';
import type { MemberRows } from '../identity/member-rows.ts';
import type { ToolServerStore } from '../executor/tool-server-store.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import type { BulkStore } from '../bulk/bulk-store.ts';
import type { RunStore } from '../log/run-store.ts';
import type { ScheduleRows } from '../schedules/schedule-rows.ts';
import type { UploadStore } from '../uploads/upload-store.ts';
import type { SecretRows } from '../secrets/secret-rows.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { PlatformAuditWriter } from '../tenants/platform-audit.ts';
import type { TenantStore } from '../tenants/tenant-store.ts';
import type { AgentStore } from './agent-store.ts';
import type { ThreadStore } from './thread-store.ts';
import type { KeyStore } from './key-store.ts';
import type { RetentionStore } from './retention-store.ts';
import type { RunDirectory } from './run-directory.ts';
import type { WebhookStore } from '../webhooks/webhook-store.ts';

export interface IdempotentRequest {
  readonly key: string;
  /** Who asked: an API key's id. */
  readonly principal: string;
  /** Method and route pattern. */
  readonly route: string;
  /** SHA-256 of the canonical body. */
  readonly bodyHash: string;
}

export interface Reply {
  readonly status: number;
  /** JSON text, sent again as it is. */
  readonly body: string;
  /** The run or thread that the body tells of: the reply is deleted with it. null = neither. */
  readonly about?: string | null;
}

/** Stores bound to one transaction. Await nothing but them inside it: on PGlite it is the only connection. */
export interface TransactionStores {
  readonly runs: RunStore;
  readonly agents: AgentStore;
  readonly directory: RunDirectory;
  readonly threads: ThreadStore;
  readonly secrets: SecretRows;
  readonly audit: AuditLog;
  readonly toolServers: ToolServerStore;
  readonly keys: KeyStore;
  readonly bulk: BulkStore;
  readonly budgets: BudgetStore;
  readonly retention: RetentionStore;
  readonly schedules: ScheduleRows;
  readonly webhooks: WebhookStore;
  readonly uploads: UploadStore;
  readonly limits: LimitStore;
  readonly members: MemberRows;
  readonly tenants: TenantStore;
  readonly platformAudit: PlatformAuditWriter;
}

export type IdempotentReply = { readonly type: 'first'; readonly reply: Reply } | RepeatedReply;

export type RepeatedReply =
  | { readonly type: 'repeated'; readonly reply: Reply }
  /** The same key with another body. */
  | { readonly type: 'mismatch' }
  /** The first request with this key has not ended within 2 s. */
  | { readonly type: 'in-flight' };

export interface Transactions {
  /** What `once` would say of a repetition, for whoever would do much before it; null when it would do the work. */
  kept(scope: TenantScope, request: IdempotentRequest): Promise<RepeatedReply | null>;
  /** `work` may be called again when the database asks for it, as after a deadlock; what it did before is undone. */
  run<T>(scope: TenantScope, work: (stores: TransactionStores) => Promise<T>): Promise<T>;
  /** The key is stored in the transaction that does the work, and kept for 24 h. */
  once(
    scope: TenantScope,
    request: IdempotentRequest,
    work: (stores: TransactionStores) => Promise<Reply>,
  ): Promise<IdempotentReply>;
}
