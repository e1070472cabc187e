import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/** A client that says nothing for so long has gone away. */
const IDLE_MS = 60 * 60_000;

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  usedAt: number;
  /** Responses that are not ended yet. */
  open: number;
}

/** One server for each client that has greeted, so that a client can cancel its own calls. */
export class Sessions {
  readonly #connected: () => Server;
  readonly #sessions = new Map<string, Session>();
  readonly #sweep: NodeJS.Timeout;

  constructor(connected: () => Server) {
    this.#connected = connected;
    this.#sweep = setInterval(() => void this.#endIdle(), 60_000);
    this.#sweep.unref();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string') {
      const session = this.#sessions.get(id);
      // The client greets again: this process may be a new one.
      if (session === undefined) return refuse(response, 404, 'Session not found');
      session.usedAt = Date.now();
      session.open += 1;
      response.once('close', () => (session.open -= 1));
      return session.transport.handleRequest(request, response);
    }
    if (request.method !== 'POST') return refuse(response, 400, 'Mcp-Session-Id is missing');
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (made) => void this.#sessions.set(made, { transport, usedAt: Date.now(), open: 0 }),
      onsessionclosed: (ended) => void this.#sessions.delete(ended),
    });
    // Under `exactOptionalPropertyTypes` the SDK's class does not fit its own interface.
    await this.#connected().connect(transport as Transport);
    await transport.handleRequest(request, response);
    // It did not greet, and was told so.
    if (transport.sessionId === undefined) await transport.close();
  }

  /** Aborts the calls that are under way. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
    this.#sessions.clear();
  }

  async #endIdle(): Promise<void> {
    for (const [id, { transport, usedAt, open }] of this.#sessions) {
      if (open > 0 || Date.now() - usedAt < IDLE_MS) continue;
      this.#sessions.delete(id);
      await transport.close();
    }
  }
}

export function refuse(response: ServerResponse, status: number, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32_001, message }, id: null }));
}
