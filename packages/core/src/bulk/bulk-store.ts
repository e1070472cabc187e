import type { RunStatus } from '../log/run-store.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { RunFilter } from '../use-cases/run-directory.ts';
import type { BulkOperation } from './bulk-operation.ts';

/** Some of the runs that fit a filter. */
export interface FittingRuns {
  /** Newest first. */
  readonly runs: readonly { readonly run: string; readonly status: RunStatus }[];
  /** The last run that was looked at, which need not fit; null: there are no more. */
  readonly next: string | null;
}

export interface BulkStore {
  /** With its row in the outbox: any worker goes on from here. */
  create(scope: TenantScope, bulk: BulkOperation): Promise<void>;
  get(scope: TenantScope, id: string): Promise<BulkOperation | null>;
  /** Newest first (ids are UUIDv7); `before` is the last id of the page before. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<readonly BulkOperation[]>;
  /** As it is, and nobody else's until the transaction ends; only inside `Transactions.run`. */
  lock(scope: TenantScope, id: string): Promise<BulkOperation | null>;
  /** What a step has changed. */
  save(scope: TenantScope, bulk: BulkOperation): Promise<void>;
  /** Looks at `limit` runs below the id `before`, fitting or not, so that no query is long. */
  fitting(scope: TenantScope, filter: RunFilter, before: string | null, limit: number): Promise<FittingRuns>;
}
