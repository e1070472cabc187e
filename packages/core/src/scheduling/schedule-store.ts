import type { RunRef } from '../tenant-scope.ts';
import type { Places } from './places.ts';

/** A run that may be claimed. `begun`: a worker has held it before. */
export interface PickedRun extends RunRef {
  readonly agent: string;
  readonly begun: boolean;
  /** Of its tenant. */
  readonly weight: number;
}

/** What carries runs: `embedded` = the workers themselves; `temporal` = workers to whom a Temporal server hands them. */
export type DriverName = 'embedded' | 'temporal';

/** Whom the places of a worker are for. */
export interface Sharing extends Omit<Places, 'free'> {
  /** Runs at once of all tenants together, by the name of their model; those that have no limit are left out. */
  readonly models: ReadonlyMap<string, number>;
}

/** Who is free to claim: due rows of admitted runs, and new ones within the slots of tenant and agent. */
export interface ScheduleStore {
  /**
   * Admits what is due, tenants in turn by their weights, begun runs first, within each tenant's, agent's and model's
   * limit (counted from rows under the tenant's lock), and returns up to `limit` runs that this worker may try to claim.
   * `sharing` left out: all places are for anybody, and no model has a limit.
   * A run that was returned is not offered to others for `reserveMs`. None while a worker lives that has another driver
   * and began later.
   */
  pick(limit: number, reserveMs: number, sharing?: Sharing): Promise<readonly PickedRun[]>;
  /**
   * When the next run is due, ms since 1970, null = none; and whether some are due already, and wait for a slot.
   */
  nextDue(): Promise<{ readonly at: number | null; readonly waiting: boolean }>;
  /** Runs that are due now: without a slot; with one, to be begun; and of these, for a minute already. Counted to 10,000. */
  depth(): Promise<{ readonly waiting: number; readonly ready: number; readonly stuck: number }>;
  /** Of these held runs, those whose head is no longer the given one. */
  movedHeads(held: readonly (RunRef & { readonly head: number })[]): Promise<readonly RunRef[]>;
  /** Tenants that are suspended: nothing of theirs is offered, and what is held is let go. */
  suspended(): Promise<readonly string[]>;
}

export interface DeadWorker {
  readonly worker: string;
  readonly why: 'lease-expired' | 'session-lost' | 'restarted';
  /** ms since 1970; until then it may still act. */
  readonly leaseUntil: number;
  readonly runs: readonly RunRef[];
}

export interface RunHolder extends Omit<DeadWorker, 'runs' | 'why'> {
  readonly why: DeadWorker['why'] | null;
}

/** Why no worker begins a run. */
export type WorkersProblem = 'engine_unavailable' | 'no_worker';

/** Why a run has no capacity at all. */
export type CapacityProblem = WorkersProblem | 'tenant_suspended' | 'installation_frozen';

/**
 * The lease of one worker: 5 s, renewed each second by the database's clock, beside a session advisory lock where the
 * session is direct (a pooler makes the lock lie; then the lease alone counts).
 */
export interface WorkerLease {
  readonly worker: string;
  /** Time left by this process's monotonic clock, ms; 0 when the lease or the session was lost. */
  remaining(): number;
  /**
   * How often the lease was lost. Runs held before a loss may have been taken over, even when `remaining` has grown
   * again since.
   */
  lapses(): number;
  /** Renews until closed; resolves after the first renewal. */
  start(): Promise<void>;
  /** Dead peers that still hold runs; none while a worker lives that has another driver and began later. */
  deadPeers(): Promise<readonly DeadWorker[]>;
  /** Who holds the run, and why that worker counts as dead (null = it lives); null = nobody does. */
  holderOf(ref: RunRef): Promise<RunHolder | null>;
  /** For whoever asks why nothing begins; null = this worker can begin runs. */
  tellProblem(problem: WorkersProblem | null): Promise<void>;
  /** Gives the lease back, so that what is still held is free at once. */
  close(): Promise<void>;
}
