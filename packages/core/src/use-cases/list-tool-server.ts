import type { ErrorCode, HoldfastError } from '@holdfast/contracts';
import { type ListedTool, type ToolServers, ToolServerUnavailable } from '../executor/tools.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { AgentStore } from './agent-store.ts';
import { refused } from './refused.ts';

export interface ListingPorts {
  readonly tools: ToolServers;
  readonly agents: Pick<AgentStore, 'get' | 'version'>;
}

interface Wanted {
  readonly server: string;
  readonly type: 'mcp' | 'http';
  /** Where the agent names it. */
  readonly path: string;
  /** What is known from before will do when the server does not answer. */
  readonly offline: boolean;
}

/**
 * What a tool server that an agent names offers.
 * @throws HoldfastError `tool_server_unknown`, `tool_server_unavailable`.
 */
export async function listToolServer(
  ports: ListingPorts,
  scope: TenantScope,
  agent: string,
  { server, type, path, offline }: Wanted,
): Promise<readonly ListedTool[]> {
  const named = await ports.tools.names(scope);
  const isHttp = (other: string): boolean => other === 'request' || other === 'openapi';
  const fitting = named.filter((each) => isHttp(each.type) === (type === 'http'));
  if (!fitting.some(({ name }) => name === server)) throw unknown(named, fitting, { server, type, path });
  try {
    return await ports.tools.list(scope, server);
  } catch (error) {
    if (!(error instanceof ToolServerUnavailable)) throw error;
    const known = offline ? await knownListing(ports, scope, agent, server) : null;
    if (known !== null) return known;
    const hint = offline
      ? 'and nothing is known of it from before'
      : 'publish with ?offline=true to take what it offered before';
    throw wrongAt(
      'tool_server_unavailable',
      path,
      `the tool server ${server} does not answer: ${error.message}; ${hint}`,
    );
  }
}

/** From its registration; else what the newest version of the agent has of it. */
async function knownListing(
  { tools, agents }: ListingPorts,
  scope: TenantScope,
  agent: string,
  server: string,
): Promise<readonly ListedTool[] | null> {
  const registered = await tools.lastListing(scope, server);
  if (registered !== null) return registered;
  const latest = (await agents.get(scope, agent))?.latest;
  const newest = latest === undefined ? null : await agents.version(scope, agent, latest);
  const listed = (newest?.version.tools ?? []).flatMap(({ source, description, input_schema }) =>
    source.type === 'mcp' && source.server === server ? [{ name: source.tool, description, input_schema }] : [],
  );
  return listed.length === 0 ? null : listed;
}

function unknown(
  named: readonly { readonly name: string }[],
  fitting: readonly { readonly name: string }[],
  { server, type, path }: Omit<Wanted, 'offline'>,
): HoldfastError {
  const other = type === 'mcp' ? 'http' : 'mcp';
  const message = named.some(({ name }) => name === server)
    ? `${server} is a tool server of type ${other}: name it with ${other}`
    : `there is no tool server ${server}; registered: ${fitting.map(({ name }) => name).join(', ') || 'none'}`;
  return wrongAt('tool_server_unknown', path, message);
}

const wrongAt = (code: ErrorCode, path: string, message: string): HoldfastError =>
  refused(code, message, [{ path, message }]);
