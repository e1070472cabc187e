import type { Limits } from '@holdfast/contracts';
import type {
  ArtifactRow,
  AttentionRow,
  NewRun,
  RunAttributes,
  RunStatus,
  StoredRun,
  WaitingFor,
} from '../log/run-store.ts';
import type { StoredEvent } from '../log/stored-event.ts';
import type { CapacityProblem } from '../scheduling/schedule-store.ts';
import type { WhyWaits } from '../scheduling/why-waits.ts';
import type { RunRef, TenantScope } from '../tenant-scope.ts';
import type { Deletion } from './deletion.ts';

/** A run whose log begins with a copy of another's. */
export interface CopiedRun extends Omit<NewRun, 'event' | 'projection'> {
  readonly source: {
    readonly run: string;
    /** The source's head that this fork was prepared for. */
    readonly head: number;
    /** Events up to this one are copied. */
    readonly at: number;
  };
  /** ms since 1970 */
  readonly createdAt: number;
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
  /** null: those that it was created with. */
  readonly limits: Limits | null;
  /** Of its own events, not of those that a fork copied. */
  readonly usage: { readonly tokens: number; readonly costUsdMicros: number };
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ViewedRun {
  readonly summary: RunSummary;
  readonly first: StoredEvent;
  /** Maybe newer than the row. */
  readonly last: StoredEvent;
}

/** Only what is set counts. Times in ms since 1970. */
export interface RunFilter {
  readonly status?: RunStatus | undefined;
  readonly agent?: string | undefined;
  readonly version?: number | undefined;
  readonly tag?: string | undefined;
  readonly thread?: string | undefined;
  readonly parent?: string | undefined;
  readonly schedule?: string | undefined;
  readonly createdAfter?: number | undefined;
  readonly createdBefore?: number | undefined;
}

/** Times in ms since 1970. */
export interface UsageAsked {
  readonly from: number;
  readonly to: number;
  readonly groupBy: 'agent' | 'model' | 'person' | 'day' | 'none';
  readonly agent?: string | undefined;
  /** At most so many groups. */
  readonly most: number;
}

export interface UsageGroup {
  /** The name of the agent or model, who started the run at the top, the day (UTC), or `all`. */
  readonly group: string;
  /** Created in that time; 0 by model. */
  readonly runs: number;
  /** Of models, with an end in that time. */
  readonly calls: number;
  readonly tokens: number;
  readonly costUsdMicros: number;
}

export interface AttentionFilter {
  readonly run?: string | undefined;
  readonly kind?: AttentionRow['kind'] | undefined;
  readonly agent?: string | undefined;
  /** What somebody with these effective roles may settle, a key also as the member whose it is. */
  readonly mine?:
    | { readonly id: string; readonly member?: string | undefined; readonly roles: readonly string[] }
    | undefined;
}

export interface OpenAttention extends AttentionRow {
  readonly run: string;
  readonly agent: string;
}

/** What the API reads and creates beside the log itself. */
export interface RunDirectory {
  create(run: NewRun): Promise<void>;
  /**
   * The row and the copied events; `run.forked` is to be appended in the same transaction. False when the source has
   * another head by now, or is live.
   */
  copy(run: CopiedRun): Promise<boolean>;
  get(ref: RunRef): Promise<RunSummary | null>;
  /** The row with the run's first and newest event, read at once. */
  view(ref: RunRef): Promise<ViewedRun | null>;
  /** Newest first (ids are UUIDv7); `before` is the last id of the page before. */
  list(scope: TenantScope, filter: RunFilter, before: string | null, limit: number): Promise<readonly RunSummary[]>;
  /** By run (ids are UUIDv7), then by place in the run; `after` is (run, ref) of the last row of the page before. */
  attention(
    scope: TenantScope,
    filter: AttentionFilter,
    after: { run: string; ref: string } | null,
    limit: number,
  ): Promise<readonly OpenAttention[]>;
  /**
   * What the runs created from `from` until before `to` have used, by group, most tokens first; at most 1,000 groups.
   * Runs that were deleted since count as created at the beginning of their hour.
   */
  usage(scope: TenantScope, asked: UsageAsked): Promise<readonly UsageGroup[]>;
  artifacts(ref: RunRef): Promise<readonly ArtifactRow[]>;
  /** Why no run of the tenant is begun; null = a worker can. */
  capacityProblem(scope: TenantScope): Promise<CapacityProblem | null>;
  /** Of a run that is due; null = it is not, or a worker has it. `modelLimit`: runs at once of its model; null = no limit. */
  whyWaits(ref: RunRef, modelLimit: number | null): Promise<WhyWaits | null>;
  /** Heads of these runs in one query, for open streams. */
  heads(runs: readonly RunRef[]): Promise<readonly (RunRef & { readonly head: number })[]>;
  /** With its log, what was derived from it, and all runs below it. */
  delete(ref: RunRef): Promise<Deletion>;
  /** The row locked until the surrounding transaction ends; only inside `Transactions.run`. */
  lock(ref: RunRef): Promise<Omit<StoredRun, 'follows' | 'budgeted'> | null>;
}
