import type { ToolServerSpec } from '@holdfast/contracts';
import type { RegisteredTools } from '../executor/registered-tools.ts';
import type { ToolServerDraft, ToolServerStore } from '../executor/tool-server-store.ts';
import { type ListedTool, type PlatformTools, ToolServerUnavailable } from '../executor/tools.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from './refused.ts';

export interface RegistryPorts {
  readonly tools: Pick<RegisteredTools, 'list' | 'listRegistered'>;
  readonly platform: Pick<PlatformTools, 'names'>;
  readonly store: ToolServerStore;
}

export interface RegisterToolServer {
  readonly name: string;
  readonly spec: ToolServerSpec;
  /** A server that does not answer is registered all the same. */
  readonly offline: boolean;
}

/**
 * Checks a tool server and lists it, before anything is written: what `ToolServerStore.put` takes.
 * @throws HoldfastError `tool_server_reserved`, `tool_server_unavailable`, `tool_invalid`.
 */
export async function registerToolServer(
  { tools, platform, store }: RegistryPorts,
  scope: TenantScope,
  { name, spec, offline }: RegisterToolServer,
): Promise<ToolServerDraft> {
  if (platform.names().includes(name))
    throw refused('tool_server_reserved', `${name} is a tool server of the platform; take another name.`);
  const url = toolServerUrl(spec);
  // Listed once more from the description at each use: nothing to keep.
  const keeps = spec.type === 'mcp';
  try {
    const listing = await tools.listRegistered(scope, { name, spec, version: 0 });
    return { name, spec, url, listing: keeps ? listing : null };
  } catch (error) {
    if (!(error instanceof ToolServerUnavailable)) throw error;
    if (!offline)
      throw refused('tool_server_unavailable', `${error.message}. Register it with ?offline=true to list it later.`);
    return { name, spec, url, listing: await listingBefore(store, scope, name) };
  }
}

const listingBefore = async (
  store: ToolServerStore,
  scope: TenantScope,
  name: string,
): Promise<readonly ListedTool[] | null> => (await store.get(scope, name))?.listing ?? null;

/** Where it is, for people: without what may be an argument or a key in the query. */
export function toolServerUrl(spec: ToolServerSpec): string {
  if (spec.type !== 'openapi') return spec.url.split('?')[0] ?? '';
  if (spec.base_url !== undefined) return spec.base_url;
  const { servers } = spec.document;
  const first = Array.isArray(servers) ? servers[0] : undefined;
  const url = typeof first === 'object' && first !== null && !Array.isArray(first) ? first['url'] : undefined;
  return typeof url === 'string' ? url : '';
}
