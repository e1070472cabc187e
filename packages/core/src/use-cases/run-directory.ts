import type { RunStatus, StoredRun, WaitingFor, AttentionRow, ArtifactRow, Projection } from '../log/run-store.ts';
import type { StoredEvent } from '../log/stored-event.ts';
import type { RunRef, TenantScope } from '../tenant-scope.ts';

/** How a run was asked for; none of it changes. Times in ms since 1970. */
export interface RunAttributes {
  /** Runs of this agent at once; null = only the tenant's slots count. */
  readonly agentConcurrency: number | null;
  readonly tags: readonly string[];
  /** Within the tenant, higher goes first. */
  readonly priority: number;
  /** Runs of one key are at work one at a time. */
  readonly concurrencyKey: string | null;
  readonly startAt: number | null;
  readonly expiresAt: number | null;
  readonly thread: string | null;
  readonly parent: { readonly run: string; readonly call: string } | null;
  readonly forkedFrom: { readonly run: string; readonly seq: number } | null;
}

/** Nothing special was asked for. */
export const plainRun: RunAttributes = {
  agentConcurrency: null,
  tags: [],
  priority: 0,
  concurrencyKey: null,
  startAt: null,
  expiresAt: null,
  thread: null,
  parent: null,
  forkedFrom: null,
};

export interface NewRun extends RunRef {
  readonly agent: string;
  readonly versionId: string;
  readonly version: number;
  readonly attributes: RunAttributes;
  readonly metadata: Readonly<Record<string, string>>;
  /** `run.created`, number 1. */
  readonly event: StoredEvent;
  readonly projection: Projection;
}

export interface RunSummary {
  readonly run: string;
  readonly agent: string;
  readonly version: number;
  readonly status: RunStatus;
  readonly waitingFor: readonly WaitingFor[];
  readonly head: number;
  readonly attributes: RunAttributes;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of its own events, not of those that a fork copied. */
  readonly usage: { readonly tokens: number; readonly costUsdMicros: number };
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface OpenAttention extends AttentionRow {
  readonly run: string;
  readonly agent: string;
}

/** What the API reads and creates beside the log itself. */
export interface RunDirectory {
  create(run: NewRun): Promise<void>;
  get(ref: RunRef): Promise<RunSummary | null>;
  /** Newest first (ids are UUIDv7); `before` is the last id of the page before. */
  list(
    scope: TenantScope,
    filter: { readonly status?: RunStatus; readonly agent?: string },
    before: string | null,
    limit: number,
  ): Promise<readonly RunSummary[]>;
  /** By run (ids are UUIDv7), then by place in the run; `after` is (run, ref) of the last row of the page before. */
  attention(
    scope: TenantScope,
    filter: { readonly run?: string },
    after: { run: string; ref: string } | null,
    limit: number,
  ): Promise<readonly OpenAttention[]>;
  artifacts(ref: RunRef): Promise<readonly ArtifactRow[]>;
  /** Heads of these runs in one query, for open streams. */
  heads(runs: readonly RunRef[]): Promise<readonly (RunRef & { readonly head: number })[]>;
  /** The row locked until the surrounding transaction ends; only inside `Transactions.run`. */
  lock(ref: RunRef): Promise<StoredRun | null>;
}
