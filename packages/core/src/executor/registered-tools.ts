import type { ToolServerSpec } from '@holdfast/contracts';
import type { Redaction } from '../secrets/redaction.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { RegisteredServer, ServerKind } from './server-kind.ts';
import type { StoredToolServer, ToolServerStore } from './tool-server-store.ts';
import {
  type ListedTool,
  type NamedToolServer,
  type PlatformTools,
  type ToolOutcome,
  type ToolRequest,
  type Tools,
  type ToolServers,
  ToolServerUnavailable,
} from './tools.ts';

type McpSpec = Extract<ToolServerSpec, { type: 'mcp' }>;
type HttpSpec = Exclude<ToolServerSpec, McpSpec>;

export interface RegisteredToolsPorts {
  readonly platform: PlatformTools;
  readonly store: Pick<ToolServerStore, 'list' | 'get'>;
  readonly mcp: ServerKind<McpSpec>;
  readonly http: ServerKind<HttpSpec>;
  /** A server may repeat in its descriptions what it was sent. */
  readonly redaction: Redaction;
}

/** Of one tenant; more are not shown where all are listed. */
const MOST_SERVERS = 1_000;

/** The platform's tool servers and those of the tenant, under one roof. A name of the platform's wins. */
export class RegisteredTools implements Tools, ToolServers {
  readonly #ports: RegisteredToolsPorts;

  constructor(ports: RegisteredToolsPorts) {
    this.#ports = ports;
  }

  async names(scope: TenantScope): Promise<readonly NamedToolServer[]> {
    const { platform, store } = this.#ports;
    const stdio = platform.names().map((name): NamedToolServer => ({ name, type: 'stdio' }));
    const own = await store.list(scope, null, MOST_SERVERS);
    return [...stdio, ...own.filter(({ name }) => !stdio.some((other) => other.name === name))];
  }

  async list(scope: TenantScope, server: string): Promise<readonly ListedTool[]> {
    const { platform, store } = this.#ports;
    if (platform.names().includes(server)) return platform.list(server);
    const found = await store.get(scope, server);
    if (found === null) throw new ToolServerUnavailable(`there is no tool server named ${server}`);
    return this.listRegistered(scope, found);
  }

  /** What a server offers, registered or not yet. @throws ToolServerUnavailable, HoldfastError `tool_invalid`. */
  async listRegistered(scope: TenantScope, server: RegisteredServer): Promise<readonly ListedTool[]> {
    const { mcp, http, redaction } = this.#ports;
    const { name, version, spec } = server;
    try {
      const listed = await (spec.type === 'mcp'
        ? mcp.list(scope, { name, version, spec })
        : http.list(scope, { name, version, spec }));
      return listed.map((tool) => ({
        ...tool,
        name: redaction.text(scope.tenant, tool.name),
        description: redaction.text(scope.tenant, tool.description),
        input_schema: redaction.json(scope.tenant, tool.input_schema),
      }));
    } catch (error) {
      if (!(error instanceof ToolServerUnavailable)) throw error;
      throw new ToolServerUnavailable(redaction.text(scope.tenant, error.message), { cause: error });
    }
  }

  async lastListing(scope: TenantScope, server: string): Promise<readonly ListedTool[] | null> {
    return (await this.#ports.store.get(scope, server))?.listing ?? null;
  }

  async call(request: ToolRequest, signal: AbortSignal): Promise<ToolOutcome> {
    const { platform, store, mcp, http } = this.#ports;
    const { source } = request.tool;
    if (source.type !== 'mcp' && source.type !== 'http')
      return { type: 'not-sent', message: `${request.tool.name} is no tool of a server` };
    if (platform.names().includes(source.server)) return platform.call(request, signal);
    let found: StoredToolServer | null;
    try {
      found = await store.get(request.ref, source.server);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { type: 'not-sent', message: `tool server ${source.server}: ${message}` };
    }
    if (found === null) return { type: 'not-sent', message: `there is no tool server named ${source.server}` };
    const { name, version, spec } = found;
    if ((spec.type === 'mcp') !== (source.type === 'mcp')) return { type: 'changed', found: null };
    return spec.type === 'mcp'
      ? mcp.call(request, { name, version, spec }, signal)
      : http.call(request, { name, version, spec }, signal);
  }
}
