import type { AgentVersions } from '../children/pinned-agents.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import type { LogPorts } from '../log/loaded-run.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { RunDirectory } from '../use-cases/run-directory.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';
import type { BulkStore } from './bulk-store.ts';

export type BulkStores = Pick<TransactionStores, 'runs' | 'directory' | 'agents' | 'bulk'>;

export interface BulkPorts extends LogPorts {
  readonly bulk: BulkStore;
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly agents: AgentVersions;
  readonly transactions: { run<T>(scope: TenantScope, work: (stores: BulkStores) => Promise<T>): Promise<T> };
  readonly clock: Clock;
  readonly log: Log;
}
