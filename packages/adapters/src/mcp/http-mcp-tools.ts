import type { ToolServerSpec } from '@holdfast/contracts';
import {
  type ListedTool,
  NotSent,
  type Outbound,
  type RegisteredServer,
  type ResolveSecrets,
  type ServerKind,
  type TenantScope,
  type ToolOutcome,
  type ToolRequest,
  ToolServerUnavailable,
} from '@holdfast/core';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { HttpConnection } from './http-connection.ts';
import type { ServerLog } from './server-log.ts';
import { unlessAborted } from './unless-aborted.ts';

type McpSpec = Extract<ToolServerSpec, { type: 'mcp' }>;
type McpServer = RegisteredServer<McpSpec>;

/** A session that nobody used for this long is ended. */
const IDLE_MS = 5 * 60_000;

interface Shared {
  readonly connection: HttpConnection;
  users: number;
  /** Something went wrong with it: nobody new uses it. */
  retired: boolean;
  idle: NodeJS.Timeout | undefined;
}

export interface HttpMcpToolsOptions {
  readonly fetch: Outbound['fetch'];
  readonly resolveSecrets: ResolveSecrets;
  readonly log: ServerLog;
}

/** Tools of MCP servers over Streamable HTTP. Nothing is ever sent twice: retries are the decider's. */
export class HttpMcpTools implements ServerKind<McpSpec> {
  readonly #options: HttpMcpToolsOptions;
  /** By tenant, server and version: a changed registration begins anew. */
  readonly #shared = new Map<string, Shared>();

  constructor(options: HttpMcpToolsOptions) {
    this.#options = options;
  }

  async list(scope: TenantScope, server: McpServer): Promise<readonly ListedTool[]> {
    // A session of its own: what is listed for a publisher is what the server offers now.
    const connection = this.#connect(scope, server);
    try {
      const listing = await connection.listing();
      return [...listing.values()].map(({ name, description, input_schema }) => ({ name, description, input_schema }));
    } catch (error) {
      throw new ToolServerUnavailable(`tool server ${server.name}: ${whyUnlisted(error)}`, { cause: error });
    } finally {
      await connection.close();
    }
  }

  async call(request: ToolRequest, server: McpServer, signal: AbortSignal): Promise<ToolOutcome> {
    const { source, hash } = request.tool;
    if (source.type !== 'mcp') return { type: 'not-sent', message: `${request.tool.name} is no tool of an MCP server` };
    const [key, shared] = this.#take(request.ref, server);
    let outcome: ToolOutcome;
    try {
      const listing = await unlessAborted(shared.connection.listing(), signal);
      const found = listing.get(source.tool)?.hash ?? null;
      if (found !== hash) outcome = { type: 'changed', found };
      else if (!request.mayBegin()) outcome = { type: 'not-sent', message: 'the worker may not begin it any more' };
      else outcome = await shared.connection.call({ ...request, tool: source.tool }, signal);
    } catch (error) {
      // `call` of the connection does not throw: nothing of the call itself has left.
      outcome = { type: 'not-sent', message: `tool server ${server.name}: ${messageOf(error)}` };
    }
    if (outcome.type === 'not-sent' || outcome.type === 'no-answer') this.#retire(key, shared);
    this.#release(key, shared);
    return outcome;
  }

  /** Ends all sessions. Calls under way end as `no-answer`. */
  async close(): Promise<void> {
    const all = [...this.#shared.values()];
    this.#shared.clear();
    for (const { idle } of all) clearTimeout(idle);
    await Promise.all(all.map(({ connection }) => connection.close()));
  }

  #take(scope: TenantScope, server: McpServer): [string, Shared] {
    const key = JSON.stringify([scope.tenant, server.name, server.version]);
    const shared = this.#shared.get(key) ?? {
      connection: this.#connect(scope, server),
      users: 0,
      retired: false,
      idle: undefined,
    };
    this.#shared.set(key, shared);
    clearTimeout(shared.idle);
    shared.users += 1;
    return [key, shared];
  }

  #retire(key: string, shared: Shared): void {
    shared.retired = true;
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }

  /** Others' calls may still be under way in a retired session: the last one closes it. */
  #release(key: string, shared: Shared): void {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (shared.retired) return void shared.connection.close();
    shared.idle = setTimeout(() => {
      this.#retire(key, shared);
      void shared.connection.close();
    }, IDLE_MS);
    shared.idle.unref();
  }

  #connect(scope: TenantScope, { spec }: McpServer): HttpConnection {
    const { fetch, resolveSecrets, log } = this.#options;
    return new HttpConnection({
      url: spec.url,
      log,
      fetch,
      headers: async () => {
        const headers: Record<string, string> = {};
        for (const [name, value] of Object.entries(spec.headers)) {
          try {
            headers[name] = await resolveSecrets(scope, value);
          } catch (error) {
            throw new NotSent(messageOf(error), { cause: error });
          }
        }
        return headers;
      },
    });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** For whoever registers it: the status first, which the SDK keeps to itself. */
function whyUnlisted(error: unknown): string {
  if (!(error instanceof StreamableHTTPError) || error.code === undefined) return messageOf(error);
  const hint = error.code === 401 || error.code === 403 ? ' (is the header Authorization missing, or wrong?)' : '';
  const said = error.message.replace(/^Streamable HTTP error: (Error POSTing to endpoint: )?/, '').slice(0, MOST_SAID);
  return `it answered ${error.code}${hint}: ${said}`;
}

const MOST_SAID = 300;
