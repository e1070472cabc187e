import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DefinedTool } from './define-tool.ts';
import { mcpServer } from './mcp-server.ts';
import { refuse, Sessions } from './sessions.ts';

export interface ServeToolsOptions {
  /** 0 = any that is free. */
  readonly port: number;
  /** Without a token only the machine itself may reach it. */
  readonly host?: string;
  /** Callers must send `Authorization: Bearer <token>`. */
  readonly token?: string;
  /** What the server calls itself. */
  readonly name?: string;
  /** ms that `close` waits for calls under way; 10 s when left out. */
  readonly graceMs?: number;
}

export interface ServedTools {
  /** What `holdfast tools set <name> --url` takes. */
  readonly url: string;
  /** Takes nothing new, lets calls under way end, then aborts what is left. */
  readonly close: () => Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Serves the tools over MCP Streamable HTTP at `/mcp`.
 * @throws Error when another machine could reach them and there is no token; EADDRINUSE of Node.
 */
export async function serveTools(
  tools: readonly DefinedTool[],
  { port, host = '127.0.0.1', token, name = 'tools', graceMs = 10_000 }: ServeToolsOptions,
): Promise<ServedTools> {
  if (token === undefined && !loopback.has(host))
    throw new Error(`Whoever reaches ${host} could call these tools: give a token.`);
  const calls = { count: 0 };
  // Fails now, not at the first client, when the tools do not fit together.
  mcpServer(tools, name);
  const sessions = new Sessions(() => mcpServer(tools, name, calls));
  const http = createServer((request, response) => {
    if (new URL(request.url ?? '/', 'http://x').pathname !== '/mcp')
      return refuse(response, 404, 'The tools are at /mcp');
    // A page in somebody's browser is no client, whatever name it has reached us by.
    if (request.headers.origin !== undefined) return refuse(response, 403, 'Not for browsers');
    if (token !== undefined && !bears(request, token)) return refuse(response, 401, 'The token is missing or wrong');
    sessions.handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => resolve());
  });
  // A listening TCP server has an address of this shape.
  const { port: bound } = http.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/mcp`,
    close: async () => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      const until = Date.now() + graceMs;
      while (calls.count > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      await sessions.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

/** Compared by hash, so that neither length nor content shows in the time it takes. */
function bears({ headers }: IncomingMessage, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(headers.authorization ?? ''), hash(`Bearer ${token}`));
}
