import type { TenantScope } from '../tenant-scope.ts';
import type { BudgetOffers } from '../executor/budget-offers.ts';

/** What a tenant, or its runs of one agent, may use in each window. Times in ms since 1970. */
export interface Budget extends BudgetSpec {
  readonly id: string;
  /** Counts from 1. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The present one. */
  readonly window: {
    readonly startsAt: number;
    readonly endsAt: number | null;
    /** By runs, as allowances. */
    readonly held: Amounts;
    /** May be more than the limit: what models used beyond their bound. */
    readonly spent: Amounts;
  };
}

export interface BudgetSpec extends BudgetLimits {
  /** What people call it, in its tenant. */
  readonly name: string;
  /** null: all runs of the tenant. */
  readonly agent: string | null;
  readonly period: 'hour' | 'day' | 'month' | 'total';
  /** An IANA name. */
  readonly timeZone: string;
}

export interface BudgetLimits {
  /** null: not limited; one of the two is. */
  readonly tokens: number | null;
  readonly costUsdMicros: number | null;
  /** Percent of a limit at which a notice is given, once a window; null: none. */
  readonly noticeAt: number | null;
}

export interface Amounts {
  readonly tokens: number;
  readonly costUsdMicros: number;
}

/** Budgets, for people. */
export interface BudgetStore {
  /** Runs that somebody holds are told by a row of kind `budget` in the outbox. False when there is one of that name. */
  create(scope: TenantScope, id: string, spec: BudgetSpec): Promise<boolean>;
  get(scope: TenantScope, name: string): Promise<Budget | null>;
  /** By name; `after` is the last one of the page before. */
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Budget[]>;
  /** Wakes those who wait for room. False when it has another version, or is gone. */
  change(scope: TenantScope, id: string, limits: BudgetLimits, version: number): Promise<boolean>;
  /** Whoever waits for it goes on. False as above. */
  delete(scope: TenantScope, id: string, version: number): Promise<boolean>;
}

/** Budgets, for workers. */
export interface WorkerBudgets extends BudgetOffers {
  /** Runs that a worker holds and for which the budget counts, and when it was made; null: it is gone. */
  heldRuns(scope: TenantScope, budget: string): Promise<HeldRuns | null>;
  /** Wakes whom it has room for; whether runs wait for it still. */
  wake(scope: TenantScope, budget: string): Promise<boolean>;
}

export interface HeldRuns {
  readonly createdAt: number;
  readonly runs: readonly string[];
}
