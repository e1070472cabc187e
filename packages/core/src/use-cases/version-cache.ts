import type { AgentVersion } from '@holdfast/contracts';
import type { LogPorts } from '../log/loaded-run.ts';
import type { TenantScope } from '../tenant-scope.ts';

const MOST = 1_000;

/** Versions never change, so each is read once. The least recently used ones are let go. */
export function cachedVersions(
  read: (scope: TenantScope, id: string) => Promise<AgentVersion | null>,
): LogPorts['versions'] {
  const known = new Map<string, AgentVersion>();
  return async (ref, id) => {
    const key = `${ref.tenant} ${id}`;
    const version = known.get(key) ?? (await read(ref, id));
    if (version === null) return null;
    known.delete(key);
    known.set(key, version);
    if (known.size > MOST) for (const oldest of known.keys()) if (known.size > MOST) known.delete(oldest);
    return version;
  };
}
