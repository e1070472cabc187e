import { isTerminal, type ModelDelta, modelDelta, type WireEvent, wireEvent } from '@holdfast/contracts';
import type { EventSourceMessage } from 'eventsource-parser';
import { ConnectionFailed, HoldfastError } from '../errors.ts';
import { path } from '../http/path.ts';
import type { CallOptions } from '../http/request.ts';
import { backoff, retryIn, type RetryPolicy, sleep } from '../http/retry.ts';
import { connectionFailure, type Transport } from '../http/transport.ts';
import { messagesOf, Silence } from './messages.ts';
import { z } from 'zod';

export interface EventsOptions extends CallOptions {
  /** Begin after the event with this number; 0 = from the first. */
  readonly after?: number | undefined;
  /**
   * Told the model's words as they come, in order with the events. Words may be lost when the stream is cut; the
   * answer itself is an event.
   */
  readonly deltas?: ((delta: ModelDelta) => void) | undefined;
}

/** The server sends a heartbeat every 15 s. */
const SILENCE_MS = 45_000;

/** A server that starts anew is back within minutes. */
const reconnects: RetryPolicy = { attempts: 30, firstMs: 250, maxMs: 10_000, longestAskedMs: 60_000 };

/**
 * Each event once, in order, until the run's end; the stream is resumed where it was cut. When the server's database
 * went back in time (`log.went_back`), events are told anew from the first.
 * @throws HoldfastError, ConnectionFailed after 30 attempts that brought nothing, the reason of `signal`.
 */
export async function* runEvents(
  transport: Transport,
  run: string,
  { after = 0, deltas, signal }: EventsOptions = {},
): AsyncGenerator<WireEvent, void, undefined> {
  let cursor = after;
  for (let attempt = 1; ; attempt += 1) {
    const connection = new AbortController();
    const abort = (): void => connection.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort, { once: true });
    let failure: unknown = null;
    try {
      const response = await transport.open(
        {
          method: 'GET',
          path: path`/v1/runs/${run}/events`,
          query: deltas === undefined ? {} : { deltas: true },
          headers: { accept: 'text/event-stream', 'last-event-id': String(cursor) },
          repeatable: true,
        },
        connection.signal,
      );
      // 204: there is nothing after the cursor, and never will be.
      if (response.status === 204 || response.body === null) return;
      for await (const message of messagesOf(response.body, SILENCE_MS)) {
        const told = read(message);
        if (told.type === 'delta') deltas?.(told.delta);
        else if (told.type === 'reset') cursor = 0;
        else if (told.type === 'event') {
          attempt = 0;
          cursor = told.event.seq;
          yield told.event;
          if (isTerminal(told.event.type)) return;
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      failure = error instanceof Silence ? new ConnectionFailed(transport.settings.url, error) : error;
    } finally {
      signal?.removeEventListener('abort', abort);
      // An open stream would keep a Node process alive.
      connection.abort();
    }
    await sleep(nextIn(transport, failure, attempt), signal);
  }
}

/** ms to wait. A stream that was ended by the server is no failure, but must not be asked for without a pause. */
function nextIn(transport: Transport, error: unknown, attempt: number): number {
  const failure = error === null ? null : connectionFailure(transport.settings.url, error);
  if (failure === null && attempt < reconnects.attempts)
    return backoff(Math.max(1, attempt), reconnects, Math.random());
  const wait = retryIn(failure, Math.max(1, attempt), true, reconnects, Math.random());
  if (wait !== null) return wait;
  if (failure instanceof Error) throw failure;
  throw new ConnectionFailed(transport.settings.url, new Error('the stream of events ends again and again'));
}

type Told =
  | { readonly type: 'event'; readonly event: WireEvent }
  | { readonly type: 'delta'; readonly delta: ModelDelta }
  | { readonly type: 'reset' }
  | { readonly type: 'cut' };

/** @throws HoldfastError `unexpected_answer`. */
function read({ event: name, data }: EventSourceMessage): Told {
  if (name === 'reset' || name === 'cut') return { type: name };
  try {
    const json: unknown = JSON.parse(data);
    return name === 'delta'
      ? { type: 'delta', delta: modelDelta.parse(json) }
      : { type: 'event', event: eventOf(json) };
  } catch (error) {
    throw new HoldfastError(`A message of the event stream cannot be read: ${String(error)}`, {
      code: 'unexpected_answer',
      status: 200,
      problem: null,
      requestId: null,
      retryAfterMs: null,
    });
  }
}

/** A newer server may have types of events that this release does not know. */
const eventOf = (json: unknown): WireEvent => anyEvent.parse(json) as WireEvent;
const anyEvent = wireEvent.extend({ type: wireEvent.shape.type.or(z.string()) });
