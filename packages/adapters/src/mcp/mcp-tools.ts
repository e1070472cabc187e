import {
  type ListedTool,
  type PlatformTools,
  type ToolOutcome,
  type ToolRequest,
  ToolServerUnavailable,
} from '@holdfast/core';
import type { ServerLog } from './server-log.ts';
import { unlessAborted } from './unless-aborted.ts';
import { StdioConnection } from './stdio-connection.ts';
import type { ToolServerCommands } from './tool-servers-file.ts';

export interface McpToolsOptions {
  readonly servers: ToolServerCommands;
  /** HOME, PATH, SHELL and TERM of this process, as far as they are set: all that a server inherits. */
  readonly environment: Readonly<Record<string, string>>;
  /** A logger for one server's lines. */
  readonly log: (server: string) => ServerLog;
  /** ms a server may take from its start to its first answer; 30 s when left out. */
  readonly startTimeoutMs?: number;
}

/** Tools of MCP servers that run as child processes. Nothing is ever sent twice: retries are the decider's. */
export class McpTools implements PlatformTools {
  readonly #connections: ReadonlyMap<string, StdioConnection>;

  constructor({ servers, environment, log, startTimeoutMs = 30_000 }: McpToolsOptions) {
    this.#connections = new Map(
      [...servers].map(([name, command]) => [
        name,
        new StdioConnection({ command, environment, log: log(name), startTimeoutMs }),
      ]),
    );
    process.once('exit', this.#kill);
  }

  names(): readonly string[] {
    return [...this.#connections.keys()];
  }

  /** What the server offers now. Throws `ToolServerUnavailable` when it is not registered or does not start. */
  async list(server: string): Promise<readonly ListedTool[]> {
    const connection = this.#connections.get(server);
    if (connection === undefined) throw new ToolServerUnavailable(`there is no tool server named ${server}`);
    try {
      const session = await connection.session();
      const listing = await session.listing();
      return [...listing.values()].map(({ name, description, input_schema }) => ({ name, description, input_schema }));
    } catch (error) {
      throw new ToolServerUnavailable(`tool server ${server}: ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * Calls a tool once. Until the request itself is written every failure, an abort too, is `not-sent`;
   * from then on, whatever is not an answer is `no-answer`.
   */
  async call(request: ToolRequest, signal: AbortSignal): Promise<ToolOutcome> {
    const { source, hash } = request.tool;
    if (source.type !== 'mcp')
      return { type: 'not-sent', message: `not a tool of an MCP server: ${request.tool.name}` };
    const connection = this.#connections.get(source.server);
    if (connection === undefined) {
      return { type: 'not-sent', message: `there is no tool server named ${source.server}` };
    }
    let session;
    let listing;
    try {
      session = await unlessAborted(connection.session(), signal);
      listing = await unlessAborted(session.listing(), signal);
    } catch (error) {
      return { type: 'not-sent', message: `tool server ${source.server}: ${messageOf(error)}` };
    }
    const found = listing.get(source.tool)?.hash ?? null;
    if (found !== hash) return { type: 'changed', found };
    // The server may have taken long to start.
    if (!request.mayBegin()) return { type: 'not-sent', message: 'the worker may not begin it any more' };
    const { arguments: args, key, attempt, timeoutMs, progressed } = request;
    return session.call({ tool: source.tool, arguments: args, key, attempt, timeoutMs, progressed }, signal);
  }

  /** Ends all servers, and what they started. Calls under way end as `no-answer`. */
  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
    process.off('exit', this.#kill);
  }

  /** A server in a process group of its own does not hear a Ctrl-C, nor that its parent called `process.exit`. */
  readonly #kill = (): void => {
    for (const connection of this.#connections.values()) connection.kill();
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
