import type { LoginOptions, Quotas } from '@holdfast/contracts';
import type {
  AgentStore,
  Artifacts,
  AuthenticationPorts,
  AuditLog,
  BudgetStore,
  BulkStore,
  Deltas,
  Entrance,
  EventStreams,
  KeyStore,
  LimitMetrics,
  Log,
  MemberRows,
  ModelPrices,
  PlatformAudit,
  PublishPorts,
  RefusedTokens,
  RegistryPorts,
  RequestLimits,
  RetentionStore,
  RunDirectory,
  ScheduleRows,
  SecretCipher,
  SecretRows,
  UploadStore,
  SpeakPorts,
  TenantDirectory,
  ThreadStore,
  WebhookSender,
  WebhookStore,
} from '@holdfast/core';
import type { BrowserLogin } from './login/browser-login.ts';
import type { StreamGuard } from './sse/stream-guard.ts';

/** Everything the routes need; `wiring.ts` builds it, tests may replace any part. */
export interface ApiPorts extends SpeakPorts {
  readonly agents: AgentStore;
  readonly directory: RunDirectory;
  readonly keys: KeyStore;
  readonly entrance: Entrance;
  /** null = API keys alone are taken. */
  readonly tokens: AuthenticationPorts['tokens'];
  readonly sessions: AuthenticationPorts['sessions'];
  /** null = browsers cannot log in. */
  readonly login: BrowserLogin | null;
  readonly loginOptions: LoginOptions;
  readonly refusedTokens: RefusedTokens;
  readonly threads: ThreadStore;
  readonly secrets: SecretRows;
  readonly uploads: UploadStore;
  readonly artifacts: Artifacts;
  /** How the API is reached, without a slash at its end. */
  readonly publicUrl: () => string;
  readonly cipher: SecretCipher;
  readonly audit: AuditLog;
  readonly budgets: BudgetStore;
  readonly prices: ModelPrices;
  readonly bulk: BulkStore;
  readonly retention: RetentionStore;
  readonly schedules: ScheduleRows;
  readonly webhooks: WebhookStore;
  readonly members: MemberRows;
  readonly tenants: TenantDirectory;
  readonly platformAudit: PlatformAudit;
  readonly sender: WebhookSender;
  readonly quotas: Quotas;
  /** Runs at once of a tenant for which nobody says it. */
  readonly tenantSlots: number;
  readonly requestLimits: RequestLimits;
  readonly publishing: PublishPorts;
  readonly registry: RegistryPorts;
  readonly streams: EventStreams;
  readonly guard: StreamGuard;
  readonly deltas: Deltas;
  /** Addresses and ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Pages of these origins may use the API from a browser. */
  readonly corsOrigins: readonly string[];
  readonly log: Log;
  readonly metrics: MetricsText & { readonly http: HttpMetrics; readonly limits: LimitMetrics };
  readonly readiness: () => Promise<Readiness>;
}

/** Whether it can do its work. `checks`: each check's name with `ok`, or with what is wrong; not all keep it from working. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface HttpMetrics {
  /** `route`: the pattern, never the address itself. */
  answered(method: string, route: string, status: number, seconds: number): void;
  streamOpened(): void;
  streamClosed(): void;
}
