import type { Limits } from '@holdfast/contracts';
import type { Attention } from '../run/attention.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { BudgetMoves } from './budget-moves.ts';
import type { StoredEvent } from './stored-event.ts';

export type RunStatus = 'queued' | 'running' | 'waiting' | 'paused' | 'succeeded' | 'failed' | 'cancelled';

export const hasEnded = ({ status }: { readonly status: RunStatus }): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';

export interface WaitingFor {
  readonly reason: 'timer' | 'input' | 'child' | 'thread' | 'capacity' | 'budget' | 'attention';
  /** ms since 1970 */
  readonly since: number;
  readonly until: number | null;
  /** The call it is about, the run of a child, the name of a budget, or null. */
  readonly ref: string | null;
}

export type AttentionKind = Attention['kind'];

/** One thing that needs a person. `ref` is unique within the run for as long as it is open. */
export interface AttentionRow {
  readonly ref: string;
  readonly kind: AttentionKind;
  readonly call: string | null;
  /** Who may decide; null: whoever may steer runs. */
  readonly role: string | null;
  /** As of `Attention`. */
  readonly approvers?: readonly string[];
  readonly barred?: readonly string[];
  readonly since: number;
  readonly until: number | null;
  /** JSON text for the person who decides. */
  readonly detail: string;
}

export interface ArtifactRow {
  readonly digest: string;
  readonly name: string | null;
  readonly mediaType: string;
  /** bytes */
  readonly size: number;
}

/** Something for any worker to do, left by the append that made it necessary; see `scheduling/outbox.ts`. */
export interface OutboxEntry {
  readonly kind: OutboxKind;
  /** A run, or whatever the kind is about. One row for each kind and subject: the newest counts. */
  readonly subject: string;
  /** ms since 1970 */
  readonly at: number;
}

/**
 * `files`: of a deleted run, to be removed. `retention`: subject is the tenant; runs that have outlived it. `engine`: a run
 * that was ended from outside, of which its engine has not heard. `schedule`: its next tick. `webhook`: subject is a
 * cursor, made from webhook and run; the database writes these by itself. `budget`: a new one, of which runs under way have
 * not heard. `erasure`: subject is a tenant that is to be deleted. `thaw`: subject is a tenant whose runs are to be marked as restored.
 */
export type OutboxKind =
  | 'child'
  | 'expiry'
  | 'bulk'
  | 'files'
  | 'retention'
  | 'engine'
  | 'schedule'
  | 'webhook'
  | 'budget'
  | 'erasure'
  | 'room'
  | 'thaw';

/** What is derived from the log and written in the same transaction. */
export interface Projection {
  readonly status: RunStatus;
  readonly waitingFor: readonly WaitingFor[];
  /** When a worker must look at the run again, once nobody holds it; null = only when somebody speaks. */
  readonly dueAt: number | null;
  readonly attention: { readonly opened: readonly AttentionRow[]; readonly closed: readonly string[] };
  readonly artifacts: readonly ArtifactRow[];
  readonly outbox: readonly OutboxEntry[];
  /** Those in force from now on; null: they stay as they are. */
  readonly limits: Limits | null;
  /** With the end of this run the next one of its thread may begin. */
  readonly passesOn: boolean;
}

/** How a run was asked for; none of it changes. Times in ms since 1970. */
export interface RunAttributes {
  /** Runs of this agent at once; null = only the tenant's slots count. */
  readonly agentConcurrency: number | null;
  /** That its version asks first; null = it takes part in no model's limit. */
  readonly model: string | null;
  readonly tags: readonly string[];
  /** Within the tenant, higher goes first. */
  readonly priority: number;
  /** Runs of one key are at work one at a time. */
  readonly concurrencyKey: string | null;
  readonly startAt: number | null;
  readonly expiresAt: number | null;
  readonly thread: string | null;
  /** Who started the run at the top, as `starterOf` names them. */
  readonly starter: string;
  readonly parent: { readonly run: string; readonly call: string } | null;
  readonly forkedFrom: { readonly run: string; readonly seq: number } | null;
  /** What it was started by; `tick` null: by hand. */
  readonly schedule: { readonly id: string; readonly tick: number | null } | null;
}

/** Nothing special was asked for. */
export const plainRun: RunAttributes = {
  agentConcurrency: null,
  model: null,
  tags: [],
  priority: 0,
  concurrencyKey: null,
  startAt: null,
  expiresAt: null,
  thread: null,
  starter: '',
  parent: null,
  forkedFrom: null,
  schedule: null,
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

/** All or nothing: events of one run, with what follows from them. */
export interface Append extends RunRef {
  /** A UUID; kept with the first event, so that a commit whose answer was lost is recognised. */
  readonly id: string;
  /** The head this append was built on; its events are numbered from there. */
  readonly expected: number;
  readonly events: readonly StoredEvent[];
  readonly projection: Projection;
  /** Runs that its events start. One that exists already stays as it is. */
  readonly children: readonly NewRun[];
  /** What it takes from budgets and returns to them; it is a transaction of its own then. Left out: nothing. */
  readonly budgets?: BudgetMoves;
  /** The worker that appends; null = the API. */
  readonly worker: string | null;
  /**
   * `claim` takes the ready `due` row with it; `take-over` needs the old holder to be dead.
   * null = the holder goes on, or somebody outside speaks.
   */
  readonly take: { readonly type: 'claim' } | { readonly type: 'take-over'; readonly from: string } | null;
  /** The worker lets go of the run with this append. */
  readonly release: boolean;
}

export type AppendOutcome =
  | { readonly type: 'accepted'; readonly head: number }
  /** The head is another than expected. */
  | { readonly type: 'refused'; readonly head: number }
  /** Another transaction has the row; try again. */
  | { readonly type: 'busy' }
  /** No such run in that tenant. */
  | { readonly type: 'missing' }
  /** The budgets are not as they were when it was made. */
  | { readonly type: 'budgets-moved' }
  /** The claim or take-over is not this worker's: the due row is gone, or the old holder lives. */
  | { readonly type: 'not-yours' };

export interface StoredSnapshot {
  readonly seq: number;
  /** Names the code that made it; any other is ignored. */
  readonly format: string;
  readonly body: string;
}

export interface StoredRun {
  readonly tenant: string;
  readonly run: string;
  readonly versionId: string;
  readonly head: number;
  readonly holder: string | null;
  /** The run that ended last in its thread. */
  readonly follows: string | null;
  /** Budgets of its tenant or agent count for it. */
  readonly budgeted: boolean;
  readonly snapshot: StoredSnapshot | null;
  /** The first events after the snapshot, or of the whole log; empty where nobody asked for them. */
  readonly tail: readonly StoredEvent[];
}

/**
 * The run log. Appends of many runs share one statement (group commit); one batch is in flight per process.
 * Every method may throw `DatabaseUnavailable`; an append that threw may have been committed.
 */
export interface RunStore {
  /** Head, holder, the newest snapshot and what comes next; null when the tenant has no such run. */
  load(ref: RunRef): Promise<StoredRun | null>;
  /** Events with `seq > after`, in order, at most `limit`. */
  eventsAfter(ref: RunRef, after: number, limit: number): Promise<readonly StoredEvent[]>;
  append(append: Append): Promise<AppendOutcome>;
  /** A cache beside the step path: older ones of the run are replaced. */
  saveSnapshot(ref: RunRef, snapshot: StoredSnapshot): Promise<void>;
}

/** The database did not answer or refuses to write. What was sent may or may not have been committed. */
export class DatabaseUnavailable extends Error {
  override readonly name: string = 'DatabaseUnavailable';
  readonly code: 'database_unavailable' | 'database_busy' = 'database_unavailable';
}

/** The server ended the statement since it took, or waited for a lock, too long. It did nothing. */
export class DatabaseBusy extends DatabaseUnavailable {
  override readonly name = 'DatabaseBusy';
  override readonly code = 'database_busy';
}
