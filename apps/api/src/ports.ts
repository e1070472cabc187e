import type {
  AgentStore,
  AuditLog,
  BulkStore,
  Deltas,
  EventStreams,
  KeyStore,
  Log,
  PublishPorts,
  RegistryPorts,
  RetentionStore,
  RunDirectory,
  ScheduleRows,
  SecretCipher,
  SecretRows,
  SpeakPorts,
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
  readonly threads: ThreadStore;
  readonly secrets: SecretRows;
  readonly cipher: SecretCipher;
  readonly audit: AuditLog;
  readonly bulk: BulkStore;
  readonly retention: RetentionStore;
  readonly schedules: ScheduleRows;
  readonly webhooks: WebhookStore;
  readonly sender: WebhookSender;
  readonly publishing: PublishPorts;
  readonly registry: RegistryPorts;
  readonly streams: EventStreams;
  readonly guard: StreamGuard;
  readonly deltas: Deltas;
  /** null = there are only API keys. */
  readonly login: BrowserLogin | null;
  /** Pages of these origins may use the API from a browser. */
  readonly corsOrigins: readonly string[];
  readonly log: Log;
  readonly metrics: MetricsText & { readonly http: HttpMetrics };
  /** Each check's name with `ok`, or with what is wrong. */
  readonly readiness: () => Promise<Readonly<Record<string, string>>>;
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
