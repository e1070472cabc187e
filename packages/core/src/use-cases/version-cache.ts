import type { AgentVersion } from '@holdfast/contracts';
import type { LogPorts } from '../log/loaded-run.ts';
import { LeastRecentlyUsed } from '../least-recently-used.ts';
import type { TenantScope } from '../tenant-scope.ts';

const MOST = 1_000;

/** Versions never change, so each is read once. The least recently used ones are let go. */
export function cachedVersions(
  read: (scope: TenantScope, id: string) => Promise<AgentVersion | null>,
): LogPorts['versions'] {
  const known = new LeastRecentlyUsed<AgentVersion>(MOST);
  return async (ref, id) => {
    const key = `${ref.tenant} ${id}`;
    const version = known.get(key) ?? (await read(ref, id));
    if (version !== null) known.set(key, version);
    return version;
  };
}
