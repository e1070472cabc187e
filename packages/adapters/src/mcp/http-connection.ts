import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { ToolOutcome } from '@holdfast/core';
import { httpFetch, type HttpFetchOptions } from './http-fetch.ts';
import type { ServerLog } from './server-log.ts';
import { type Listing, type SessionCall, ToolSession } from './tool-session.ts';

/** Nothing tells us of changes, so the list of tools is asked for again after this long. */
const LISTING_LIFE_MS = 30_000;
const START_TIMEOUT_MS = 30_000;
/** How long an answer that has ended may take to be read. */
const HANG_UP_GRACE_MS = 500;
const GOODBYE_MS = 1_000;

export interface HttpConnectionOptions extends Omit<HttpFetchOptions, 'ended'> {
  readonly url: string;
  readonly log: ServerLog;
}

type SharedCall = Omit<SessionCall, 'resumable'>;

/** One session with a server over HTTP, shared by the calls of a tenant. */
export class HttpConnection {
  readonly #transport: StreamableHTTPClientTransport;
  readonly #session: Promise<ToolSession>;
  /** By key: the calls whose answer is awaited. */
  readonly #waiting = new Map<string, () => void>();

  constructor({ url, log, fetch, headers }: HttpConnectionOptions) {
    this.#transport = new StreamableHTTPClientTransport(new URL(url), {
      fetch: httpFetch({ fetch, headers, ended: (key) => this.#waiting.get(key)?.() }),
    });
    // Under `exactOptionalPropertyTypes` the SDK's class does not fit its own interface.
    this.#session = ToolSession.start(this.#transport as Transport, {
      startTimeoutMs: START_TIMEOUT_MS,
      listingLifeMs: LISTING_LIFE_MS,
      log,
    });
    this.#session.catch(() => undefined);
  }

  async listing(): Promise<Listing> {
    return (await this.#session).listing();
  }

  /** An answer that breaks off, and cannot be taken up again, is no answer at once. */
  async call(call: SharedCall, signal: AbortSignal): Promise<ToolOutcome> {
    const session = await this.#session;
    const hungUp = new AbortController();
    let resumable = false;
    let grace: NodeJS.Timeout | undefined;
    this.#waiting.set(call.key, () => {
      grace = setTimeout(() => resumable || hungUp.abort(), HANG_UP_GRACE_MS);
    });
    try {
      const either = AbortSignal.any([signal, hungUp.signal]);
      const outcome = await session.call({ ...call, resumable: () => (resumable = true) }, either);
      const lost = hungUp.signal.aborted && !signal.aborted && outcome.type === 'no-answer';
      return lost ? { type: 'no-answer', message: 'the server hung up before it had answered' } : outcome;
    } finally {
      clearTimeout(grace);
      this.#waiting.delete(call.key);
    }
  }

  /** Calls under way end as `no-answer`. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([this.#transport.terminateSession().catch(() => undefined), enough]);
    clearTimeout(timer);
    await this.#transport.close();
  }
}
