import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ModelDelta } from '@holdfast/contracts';
import type { EndReason, Frame, Listener } from '@holdfast/core';

const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for this long is cut; it resumes by Last-Event-ID. */
const STALLED_MS = 30_000;
/** With more than this pending, words of models are left out; the rest of the room is for events. */
const DELTA_PENDING_BYTES = 256 * 1024;

const encoder = new TextEncoder();

/** One event as a message of the stream. The JSON is one line, so it needs one `data:`. */
export const encodeEvent = ({ seq, type, json }: { seq: number; type: string; json: string }): Uint8Array =>
  encoder.encode(`id: ${seq}\nevent: ${type}\ndata: ${json}\n\n`);

/** Also the API's own reason: the caller is let in no longer. */
export type FarewellReason = EndReason | 'denied';

/** Why a stream ended before its run did; the client reconnects with Last-Event-ID. */
const farewell = {
  slow: 'the client reads too slowly',
  closing: 'the server is shutting down',
  failed: 'the log could not be read',
  deleted: 'the run was deleted',
  denied: 'the API key or token is no longer good',
} as const satisfies Record<Exclude<FarewellReason, 'ended'>, string>;

/** Writes a run's events to one HTTP response. The response is ended exactly once, or destroyed when it stalls. */
export class SseListener implements Listener {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  /** The number of the last event about a model call. */
  #ofModel = 0;

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      ...headers,
    });
    response.flushHeaders();
    this.#heartbeat = setInterval(() => response.write(': hb\n\n'), HEARTBEAT_MS);
    response.on('close', () => clearInterval(this.#heartbeat));
    // A reset connection also closes; without a listener the error would end the process.
    response.on('error', () => undefined);
  }

  /** The client is ahead of the log: the database lost events. Its cursor is set back to the beginning. */
  reset(head: number): void {
    this.#response.write(`id: 0\nevent: reset\ndata: {"head":${head}}\n\n`);
  }

  send(frame: Frame): void {
    if (frame.type.startsWith('model.')) this.#ofModel = frame.seq;
    this.#response.write(frame.bytes);
  }

  /** Without an id, so that the client's cursor stays where it is. */
  sendDelta(delta: ModelDelta): void {
    const response = this.#response;
    // Its call has ended: what comes from another process may come after that was told. One call is made at a time.
    if (delta.seq < this.#ofModel) return;
    if (response.writableEnded || response.closed || this.pending() > DELTA_PENDING_BYTES) return;
    response.write(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`);
  }

  pending(): number {
    return this.#response.writableLength;
  }

  async drained(): Promise<void> {
    const response = this.#response;
    if (!response.writableNeedDrain || response.closed) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    const stalled = setTimeout(() => waiting.abort(), STALLED_MS);
    try {
      await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
    } catch {
      response.destroy();
    } finally {
      clearTimeout(stalled);
      // The other one of the two would listen on.
      waiting.abort();
    }
  }

  end(reason: FarewellReason): void {
    clearInterval(this.#heartbeat);
    const response = this.#response;
    if (reason !== 'ended')
      response.write(`event: cut\ndata: {"reason":"${reason}","message":"${farewell[reason]}"}\n\n`);
    response.end();
    // What a stalled client never takes would keep the socket open.
    const cut = setTimeout(() => response.destroy(), reason === 'closing' ? 1_000 : STALLED_MS);
    cut.unref();
    response.on('close', () => clearTimeout(cut));
  }
}
