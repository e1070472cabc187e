import { isTerminal } from '@holdfast/contracts';
import type { RunStore } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { wireText } from './wire-event.ts';

/** One event, serialised once for all who listen. */
export interface Frame {
  readonly seq: number;
  readonly type: string;
  readonly bytes: Uint8Array;
  /** The run's end: nothing follows on a stream. */
  readonly terminal: boolean;
}

export type EndReason = 'ended' | 'slow' | 'closing' | 'failed' | 'deleted';

/** Somebody who listens. `send` must not throw. */
export interface Listener {
  send(frame: Frame): void;
  /** Bytes that were sent and not taken yet. */
  pending(): number;
  /** Resolves when most of what is pending was taken, or the listener is gone, or too slow. */
  drained(): Promise<void>;
  end(reason: EndReason): void;
}

export type Encode = (event: { readonly seq: number; readonly type: string; readonly json: string }) => Uint8Array;

interface Subscriber {
  readonly listener: Listener;
  /** Number of the last event it was sent. */
  cursor: number;
  /** Catches up by its own reads; joins the shared ones once it has reached them. */
  joined: boolean;
  gone: boolean;
  /** The head of a run that had ended before, so that there is nothing to wait for; null = it lives. */
  readonly endsAt: number | null;
}

const PAGE = 200;
/** A subscriber with more than this pending is cut; it resumes by its cursor. */
export const PENDING_BYTES = 1024 * 1024;

/** Reads one run's log for all subscribers of this process. */
export class RunReader {
  readonly ref: RunRef;
  /** Number of the last event that was sent to those who have joined. */
  position: number;
  readonly #runs: RunStore;
  readonly #encode: Encode;
  readonly #subscribers = new Set<Subscriber>();
  #woken = false;
  #reading = false;

  constructor(ref: RunRef, position: number, runs: RunStore, encode: Encode) {
    this.ref = ref;
    this.position = position;
    this.#runs = runs;
    this.#encode = encode;
  }

  get idle(): boolean {
    return this.#subscribers.size === 0;
  }

  /** Sends everything after `cursor`, in order and once. Returns the function that leaves. */
  subscribe(listener: Listener, cursor: number, endsAt: number | null): () => void {
    const subscriber: Subscriber = { listener, cursor, joined: false, gone: false, endsAt };
    this.#subscribers.add(subscriber);
    void this.#catchUp(subscriber).catch(() => this.#end(subscriber, 'failed'));
    return () => this.#leave(subscriber);
  }

  /** Something may have been appended. */
  wake(): void {
    this.#woken = true;
    if (this.#reading) return;
    this.#reading = true;
    // The subscribers reconnect with their cursors, and find out whether the database is back.
    void this.#read().catch(() => this.endAll('failed'));
  }

  endAll(reason: EndReason): void {
    for (const subscriber of this.#subscribers) this.#end(subscriber, reason);
  }

  async #read(): Promise<void> {
    try {
      while (this.#woken && this.#subscribers.size > 0) {
        this.#woken = false;
        while ((await this.#readPage()) === PAGE);
      }
    } finally {
      // No await since the loop has looked: whoever wakes from now on reads anew.
      this.#reading = false;
    }
  }

  async #readPage(): Promise<number> {
    const events = await this.#runs.eventsAfter(this.ref, this.position, PAGE);
    for (const event of events) {
      // Whoever is still catching up reads it from the table.
      const joined = [...this.#subscribers].filter((subscriber) => subscriber.joined);
      this.position = Math.max(this.position, event.seq);
      if (joined.length === 0) continue;
      const frame = this.#frame(event);
      for (const subscriber of joined) this.#send(subscriber, frame);
    }
    return events.length;
  }

  async #catchUp(subscriber: Subscriber): Promise<void> {
    for (;;) {
      const events = await this.#runs.eventsAfter(this.ref, subscriber.cursor, PAGE);
      for (const event of events) {
        if (subscriber.gone) return;
        if (subscriber.listener.pending() > PENDING_BYTES / 2) await subscriber.listener.drained();
        this.#send(subscriber, this.#frame(event));
      }
      if (subscriber.gone) return;
      if (events.length === PAGE || subscriber.cursor < this.position) continue;
      if (subscriber.endsAt !== null)
        return this.#end(subscriber, subscriber.cursor < subscriber.endsAt ? 'deleted' : 'ended');
      // No await between the comparison and joining: an event is either read here or sent by the shared reader.
      const first = ![...this.#subscribers].some(({ joined }) => joined);
      if (first) this.position = subscriber.cursor;
      subscriber.joined = true;
      this.wake();
      return;
    }
  }

  #frame(event: Parameters<typeof wireText>[1]): Frame {
    const { seq, type } = event;
    const bytes = this.#encode({ seq, type, json: wireText(this.ref.run, event) });
    return { seq, type, bytes, terminal: isTerminal(type) };
  }

  #send(subscriber: Subscriber, frame: Frame): void {
    if (subscriber.gone || frame.seq <= subscriber.cursor) return;
    subscriber.cursor = frame.seq;
    subscriber.listener.send(frame);
    if (frame.terminal) this.#end(subscriber, 'ended');
    else if (subscriber.listener.pending() > PENDING_BYTES) this.#end(subscriber, 'slow');
  }

  #end(subscriber: Subscriber, reason: EndReason): void {
    if (subscriber.gone) return;
    this.#leave(subscriber);
    subscriber.listener.end(reason);
  }

  #leave(subscriber: Subscriber): void {
    subscriber.gone = true;
    this.#subscribers.delete(subscriber);
  }
}
