import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  ErrorCode,
  ListToolsResultSchema,
  McpError,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { JsonObject } from '@holdfast/contracts';
import { type ListedTool, NotSent, toolHash, type ToolOutcome } from '@holdfast/core';
import { contentOf } from './content.ts';
import type { ServerLog } from './server-log.ts';
import { ServerGone } from './stdio-transport.ts';

/** `_meta` of a call: the same key for all its attempts, and the attempt's number. */
export const KEY_META = 'holdfast/idempotency-key';
export const ATTEMPT_META = 'holdfast/attempt';

const LIST_TIMEOUT_MS = 30_000;
const MOST_PAGES = 1_000;
/** Characters of a refusal. */
const MOST_TOLD = 4_000;
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
  /** The server says that it is at work. */
  readonly progressed: () => void;
  /** Of a call over HTTP: its stream can be taken up again where it broke. */
  readonly resumable?: () => void;
}

export interface SessionOptions {
  /** ms until the server must have greeted. */
  readonly startTimeoutMs: number;
  /** ms after which the list of tools is asked for again although no notice of a change came; left out: never. */
  readonly listingLifeMs?: number;
  readonly log: ServerLog;
}

/** One life of a tool server, from its start to its death. */
export class ToolSession {
  readonly #client: Client;
  readonly #options: SessionOptions;
  #listing: Promise<Listing> | null = null;
  #listedAt = 0;

  private constructor(client: Client, options: SessionOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Starts the server and greets it; rejects, with nothing left running, when it does not answer in time. */
  static async start(transport: Transport, options: SessionOptions): Promise<ToolSession> {
    const { log, startTimeoutMs } = options;
    const client = new Client({ name: 'holdfast', version: '0.1.0' });
    const session = new ToolSession(client, options);
    client.onerror = (error) => log.debug({ error: error.message }, 'tool server connection');
    // Forgotten now, asked for again at the next use: however many notices arrive at once, that is one request.
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      session.#listing = null;
    });
    try {
      await client.connect(transport, { timeout: startTimeoutMs });
    } catch (error) {
      await transport.close();
      throw error;
    }
    return session;
  }

  /** What the server offers now; asked for once, and again after it said that the list has changed. */
  listing(): Promise<Listing> {
    const { listingLifeMs = Number.POSITIVE_INFINITY } = this.#options;
    const now = performance.now();
    if (this.#listing !== null && now - this.#listedAt < listingLifeMs) return this.#listing;
    const asked = this.#list();
    this.#listing = asked;
    this.#listedAt = now;
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
        {
          signal: own.signal,
          timeout: transportTimeout(call.timeoutMs),
          // Without it no progress token is sent, and so no progress comes.
          onprogress: () => call.progressed(),
          resetTimeoutOnProgress: true,
          onresumptiontoken: () => call.resumable?.(),
        },
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
          this.#options.log.warn(
            { tool: name, error: messageOf(error) },
            'tool left out: its description is not well-formed',
          );
        }
      }
      if (answer.nextCursor === undefined) return tools;
      cursor = answer.nextCursor;
    }
    throw new Error(`the list of tools does not end after ${MOST_PAGES} pages`);
  }
}

/**
 * When the SDK gives up, ms. The executor's signal decides; for an effect that must not be done twice it waits up to
 * one more time-out for a late answer, so this lies beyond two.
 */
export const transportTimeout = (timeoutMs: number): number => Math.min(2 * timeoutMs + 60_000, LONGEST_TIMER_MS);

function outcomeOf(error: unknown, signal: AbortSignal): ToolOutcome {
  if (error instanceof ServerGone || error instanceof NotSent) return { type: 'not-sent', message: error.message };
  if (signal.aborted) return { type: 'no-answer', message: 'aborted while it was under way' };
  if (error instanceof StreamableHTTPError) return outcomeOfStatus(error);
  if (!(error instanceof McpError))
    return { type: 'no-answer', message: `the reply cannot be read: ${messageOf(error)}` };
  // A server may send these two codes as well; taking that for silence errs on the safe side.
  if (error.code === ErrorCode.ConnectionClosed || error.code === ErrorCode.RequestTimeout) {
    return { type: 'no-answer', message: error.message };
  }
  return { type: 'answered', content: [{ type: 'text', text: error.message }], isError: true };
}

/** As of any HTTP request; 404 says that the session is lost, and with it what became of its calls. */
function outcomeOfStatus({ code = 0, message }: StreamableHTTPError): ToolOutcome {
  const told = message.slice(0, MOST_TOLD);
  if (code === 429) return { type: 'not-sent', message: told };
  if (code < 300 || code === 404 || code === 502 || code === 504) return { type: 'no-answer', message: told };
  return { type: 'answered', content: [{ type: 'text', text: told }], isError: true };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
