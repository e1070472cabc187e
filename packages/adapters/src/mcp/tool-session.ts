import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  CallToolResultSchema,
  ErrorCode,
  ListToolsResultSchema,
  McpError,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { JsonObject } from '@holdfast/contracts';
import { type ListedTool, toolHash, type ToolOutcome } from '@holdfast/core';
import { contentOf } from './content.ts';
import type { ServerLog } from './server-log.ts';
import { ServerGone, type StdioTransport } from './stdio-transport.ts';

/** `_meta` of a call: the same key for all its attempts, and the attempt's number. */
export const KEY_META = 'holdfast/idempotency-key';
export const ATTEMPT_META = 'holdfast/attempt';

const LIST_TIMEOUT_MS = 30_000;
const MOST_PAGES = 1_000;
/** A longer timer would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

export interface HashedTool extends ListedTool {
  readonly hash: string;
}

export type Listing = ReadonlyMap<string, HashedTool>;

export interface SessionCall {
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly key: string;
  readonly attempt: number;
  readonly timeoutMs: number;
}

/** One life of a tool server, from its start to its death. */
export class ToolSession {
  readonly #client: Client;
  readonly #transport: StdioTransport;
  readonly #log: ServerLog;
  #listing: Promise<Listing> | null = null;

  private constructor(client: Client, transport: StdioTransport, log: ServerLog) {
    this.#client = client;
    this.#transport = transport;
    this.#log = log;
  }

  /** Starts the server and greets it; rejects, with nothing left running, when it does not answer within `timeoutMs`. */
  static async start(transport: StdioTransport, timeoutMs: number, log: ServerLog): Promise<ToolSession> {
    const client = new Client({ name: 'holdfast', version: '0.1.0' });
    const session = new ToolSession(client, transport, log);
    client.onerror = (error) => log.debug({ error: error.message }, 'tool server connection');
    // Forgotten now, asked for again at the next use: however many notices arrive at once, that is one request.
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      session.#listing = null;
    });
    try {
      await client.connect(transport, { timeout: timeoutMs });
    } catch (error) {
      await transport.close();
      throw error;
    }
    return session;
  }

  /** What the server offers now; asked for once, and again after it said that the list has changed. */
  listing(): Promise<Listing> {
    if (this.#listing !== null) return this.#listing;
    const asked = this.#list();
    this.#listing = asked;
    asked.catch(() => {
      if (this.#listing === asked) this.#listing = null;
    });
    return asked;
  }

  /** Sends the request once and waits until it is answered or `signal` aborts. */
  async call(call: SessionCall, signal: AbortSignal): Promise<ToolOutcome> {
    if (signal.aborted) return { type: 'not-sent', message: 'aborted before it was sent' };
    // The SDK never lets go of a signal it was given, and would cancel an answered call when that one aborts later.
    const own = new AbortController();
    const abort = (): void => own.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const result = await this.#client.request(
        {
          method: 'tools/call',
          params: {
            name: call.tool,
            arguments: call.arguments,
            _meta: { [KEY_META]: call.key, [ATTEMPT_META]: call.attempt },
          },
        },
        CallToolResultSchema,
        { signal: own.signal, timeout: transportTimeout(call.timeoutMs) },
      );
      return { type: 'answered', content: contentOf(result), isError: result.isError === true };
    } catch (error) {
      return outcomeOf(error, signal);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #list(): Promise<Listing> {
    const tools = new Map<string, HashedTool>();
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const answer = await this.#client.request({ method: 'tools/list', params }, ListToolsResultSchema, {
        timeout: LIST_TIMEOUT_MS,
      });
      for (const { name, description = '', inputSchema } of answer.tools) {
        // The SDK has checked that it is an object; it came from JSON.
        const listed: ListedTool = { name, description, input_schema: inputSchema as JsonObject };
        try {
          tools.set(name, { ...listed, hash: toolHash(listed) });
        } catch (error) {
          this.#log.warn({ tool: name, error: messageOf(error) }, 'tool left out: its description is not well-formed');
        }
      }
      if (answer.nextCursor === undefined) return tools;
      cursor = answer.nextCursor;
    }
    throw new Error(`the list of tools does not end after ${MOST_PAGES} pages`);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  kill(): void {
    this.#transport.kill('SIGKILL');
  }
}

/**
 * When the SDK gives up, ms. The executor's signal decides; for an effect that must not be done twice it waits up to
 * one more time-out for a late answer, so this lies beyond two.
 */
export const transportTimeout = (timeoutMs: number): number => Math.min(2 * timeoutMs + 60_000, LONGEST_TIMER_MS);

function outcomeOf(error: unknown, signal: AbortSignal): ToolOutcome {
  if (error instanceof ServerGone) return { type: 'not-sent', message: error.message };
  if (signal.aborted) return { type: 'no-answer', message: 'aborted while it was under way' };
  if (!(error instanceof McpError))
    return { type: 'no-answer', message: `the reply cannot be read: ${messageOf(error)}` };
  // A server may send these two codes as well; taking that for silence errs on the safe side.
  if (error.code === ErrorCode.ConnectionClosed || error.code === ErrorCode.RequestTimeout) {
    return { type: 'no-answer', message: error.message };
  }
  return { type: 'answered', content: [{ type: 'text', text: error.message }], isError: true };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
