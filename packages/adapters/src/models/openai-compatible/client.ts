import { Agent, fetch as undiciFetch, type RequestInit as UndiciRequestInit } from 'undici';

/** A connection that is not made by then never was: the call counts as not sent, and is made again. */
const CONNECT_MS = 30_000;

export interface ModelClient {
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

/**
 * What requests to model servers go through. A model may think for many minutes before its first word, so nothing here
 * ends a request: that is done by the signal of whoever asked. Redirects are not followed, since they would send the
 * request twice.
 */
export function modelClient(): ModelClient {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: CONNECT_MS } });
  const fetch = (input: unknown, init: unknown): unknown =>
    undiciFetch(input as string, { ...(init as UndiciRequestInit), dispatcher, redirect: 'manual' });
  return {
    // The types of undici 7 and of Node's own fetch name the same things.
    fetch: fetch as typeof globalThis.fetch,
    close: () => dispatcher.destroy(),
  };
}
