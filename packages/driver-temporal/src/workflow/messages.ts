/**
 * What passes through Temporal's history: ids, numbers and fixed words. No prompt, no answer, no secret ever does.
 */

/** What a workflow is started with. */
export interface CarryRun {
  readonly tenant: string;
  readonly run: string;
  /** The address of the run's page; null where none is configured. */
  readonly page: string | null;
  /** Where `advance` waits for a worker; null = where the workflow does. */
  readonly advanceTaskQueue: string | null;
  /** Set when the workflow goes on in a new execution: as far as it was. */
  readonly last?: Advanced;
}

/** How far one activity carried the run. */
export interface Advanced {
  /** Number of the last event that is known. */
  readonly seq: number;
  readonly agent: string;
  readonly version: number;
  readonly status: string;
  /** Reasons, such as `timer` and `attention`. */
  readonly waitingFor: readonly string[];
  /** When there will be something to do because time passed, ms since 1970; null = never. */
  readonly until: number | null;
  readonly ended: boolean;
}

/** The two activities, as the workflow calls them. */
export interface RunActivities {
  /** Carries the run until it waits or ends. */
  advance(ref: { readonly tenant: string; readonly run: string }): Promise<Advanced>;
  /** The workflow was cancelled: so is the run. */
  cancelRun(ref: { readonly tenant: string; readonly run: string }): Promise<void>;
}

export const WORKFLOW = 'carryRun';
/** Look at the log. */
export const WAKE = 'wake';
/** A worker is dead: what it carries is to be carried by another. */
export const WORKER_DEAD = 'workerDead';

/** Search attributes, set up by `holdfast migrate`. */
export const attributes = {
  tenant: 'HoldfastTenant',
  agent: 'HoldfastAgent',
  version: 'HoldfastVersion',
  status: 'HoldfastStatus',
  waitingFor: 'HoldfastWaitingFor',
} as const;
