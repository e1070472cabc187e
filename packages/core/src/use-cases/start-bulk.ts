import { v7 as uuidv7 } from 'uuid';
import { type BulkOperation, type BulkWork, newBulk } from '../bulk/bulk-operation.ts';
import type { AgentVersions } from '../children/pinned-agents.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from './caller.ts';
import { resolveVersion } from './resolve-version.ts';
import type { RunFilter } from './run-directory.ts';

export interface StartBulk {
  readonly work: BulkWork;
  readonly filter: RunFilter;
}

export interface StartBulkPorts {
  readonly agents: AgentVersions;
  readonly clock: Clock;
}

/**
 * The same thing to many runs, ready for `BulkStore.create`; accepted once that is committed.
 * @throws HoldfastError `agent_not_found`, `version_not_found`, `alias_not_found`, where the filter names the agent.
 */
export async function startBulk(
  { agents, clock }: StartBulkPorts,
  caller: Caller,
  { work, filter }: StartBulk,
): Promise<BulkOperation> {
  const id = uuidv7();
  if (work.type === 'fork' && filter.agent !== undefined) {
    const { version, alias } = work.changes;
    if (version !== undefined || alias !== undefined)
      await resolveVersion(agents, caller, { agent: filter.agent, version, alias }, id);
  }
  return newBulk({ id, work, filter, by: caller.by }, clock.now());
}
