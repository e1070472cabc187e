import type { TenantScope } from '../tenant-scope.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';

/** What a handler of the outbox may change in one transaction, inside a tenant. */
export type StepStores = Pick<TransactionStores, 'runs' | 'directory' | 'agents' | 'bulk' | 'schedules'>;

export interface Steps {
  run<T>(scope: TenantScope, work: (stores: StepStores) => Promise<T>): Promise<T>;
}
