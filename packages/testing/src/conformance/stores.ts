import type {
  AgentStore,
  AuditLog,
  BudgetStore,
  CurrentPrices,
  ModelPrices,
  BulkStore,
  Clock,
  DriverName,
  Entrance,
  ExpiredRuns,
  Hints,
  Installation,
  KeyStore,
  LimitStore,
  MemberRows,
  Outbox,
  PlatformAudit,
  RetentionStore,
  RunDirectory,
  RunStore,
  ScheduleRows,
  ScheduleStore,
  SealedPages,
  SecretRows,
  SessionStore,
  Steps,
  TenantDirectory,
  TenantErasure,
  TenantScope,
  ThreadStore,
  ToolServerStore,
  Transactions,
  UploadStore,
  WebhookQueue,
  WebhookStore,
  WorkerBudgets,
  WorkerLease,
} from '@holdfast/core';

/** Every port of one database, as its adapter opens it. */
export interface Stores {
  readonly clock: Clock;
  readonly hints: Hints;
  readonly installation: Installation;
  readonly sealed: SealedPages;
  readonly api: {
    readonly runs: RunStore;
    readonly agents: AgentStore;
    readonly toolServers: ToolServerStore;
    readonly directory: RunDirectory;
    readonly transactions: Transactions;
    readonly keys: KeyStore;
    readonly entrance: Entrance;
    readonly threads: ThreadStore;
    readonly secrets: SecretRows;
    readonly audit: AuditLog;
    readonly bulk: BulkStore;
    readonly retention: RetentionStore;
    readonly schedules: ScheduleRows;
    readonly webhooks: WebhookStore;
    readonly uploads: UploadStore;
    readonly sessions: SessionStore;
    readonly budgets: BudgetStore;
    readonly prices: ModelPrices;
    readonly limits: LimitStore;
    readonly members: MemberRows;
    readonly tenants: TenantDirectory;
    readonly platformAudit: PlatformAudit;
  };
  /** A worker process of that id. */
  worker(id: string, driver?: DriverName): Promise<WorkerSide>;
  close(): Promise<void>;
}

export interface WorkerSide {
  readonly runs: RunStore;
  readonly agents: Pick<AgentStore, 'get' | 'version' | 'versionById'>;
  readonly secrets: Pick<SecretRows, 'read'>;
  readonly toolServers: Pick<ToolServerStore, 'list' | 'get'>;
  readonly schedule: ScheduleStore;
  readonly outbox: Outbox;
  readonly expired: ExpiredRuns;
  readonly knowsTenant: (scope: TenantScope) => Promise<boolean>;
  readonly lease: WorkerLease;
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly bulk: BulkStore;
  readonly schedules: ScheduleRows;
  readonly webhooks: WebhookQueue;
  readonly budgets: WorkerBudgets;
  readonly prices: CurrentPrices;
  readonly erasure: TenantErasure;
  readonly transactions: Steps;
}

/** A database of its own, empty and migrated. */
export type OpenStores = () => Promise<Stores>;
