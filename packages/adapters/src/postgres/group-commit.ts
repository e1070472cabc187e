import { DatabaseUnavailable } from '@holdfast/core';

export interface GroupCommitOptions<Item, Outcome> {
  /** One transaction for all; one outcome per item, in order. */
  readonly send: (batch: readonly Item[]) => Promise<readonly Outcome[]>;
  /** Items with the same key never share a batch. */
  readonly key: (item: Item) => string;
  /** bytes */
  readonly size: (item: Item) => number;
  readonly isBusy: (outcome: Outcome) => boolean;
  /** Called after each batch with what was sent and what came back. */
  readonly done?: (items: readonly Item[], outcomes: readonly Outcome[]) => void;
  readonly maxItems?: number;
  readonly maxBytes?: number;
}

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly key: string;
  readonly bytes: number;
  tries: number;
  /** Busy until then, as far as we know; by performance.now(). */
  notBefore: number;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** A busy item is tried in this many batches before its caller hears of it; about a quarter of a second. */
const BUSY_TRIES = 8;

/**
 * Gathers items while a batch is under way and sends them as the next one. One batch is in flight; one item per key
 * and batch; a batch that fails is halved until the culprit stands alone, and only that one hears the error.
 */
export class GroupCommit<Item, Outcome> {
  readonly #options: GroupCommitOptions<Item, Outcome>;
  #queue: Waiting<Item, Outcome>[] = [];
  #sending = false;
  /** Ends the pause in which there are but busy items. */
  #wake: (() => void) | null = null;

  constructor(options: GroupCommitOptions<Item, Outcome>) {
    this.#options = options;
  }

  /** Resolves with the item's outcome once it is durable. Throws what only this item's own transaction threw. */
  add(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const { key, size } = this.#options;
      this.#queue.push({ item, key: key(item), bytes: size(item), tries: 0, notBefore: 0, resolve, reject });
      this.#wake?.();
      if (!this.#sending) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    while (this.#queue.length > 0) {
      // Whoever appends in this turn of the event loop joins: after a large batch, most of its runs do.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#next();
      if (batch.length === 0) await this.#pause();
      else this.#queue.unshift(...(await this.#sendBatch(batch)));
    }
    this.#sending = false;
  }

  /** Until the first busy item may be tried again, or another item comes. */
  #pause(): Promise<void> {
    const until = this.#queue.reduce(
      (first, { notBefore }) => (notBefore > 0 ? Math.min(first, notBefore) : first),
      Infinity,
    );
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(end, until - performance.now());
      this.#wake = end;
    });
  }

  /** The oldest items that are not known as busy, one per key, within the limits. */
  #next(): Waiting<Item, Outcome>[] {
    const { maxItems = 200, maxBytes = 1024 * 1024 } = this.#options;
    const batch: Waiting<Item, Outcome>[] = [];
    const later: Waiting<Item, Outcome>[] = [];
    const keys = new Set<string>();
    const now = performance.now();
    let bytes = 0;
    for (const waiting of this.#queue) {
      const fits = batch.length === 0 || (batch.length < maxItems && bytes + waiting.bytes <= maxBytes);
      if (fits && waiting.notBefore <= now && !keys.has(waiting.key)) {
        batch.push(waiting);
        bytes += waiting.bytes;
      } else {
        later.push(waiting);
      }
      // Also one that waits keeps its place before later ones of its key.
      keys.add(waiting.key);
    }
    this.#queue = later;
    return batch;
  }

  /** Settles the batch; returns what is busy and may be tried again. */
  async #sendBatch(batch: Waiting<Item, Outcome>[]): Promise<Waiting<Item, Outcome>[]> {
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#options.send(batch.map(({ item }) => item));
    } catch (error) {
      if (batch.length === 1 || error instanceof DatabaseUnavailable) {
        for (const waiting of batch) waiting.reject(error);
        return [];
      }
      const middle = batch.length >> 1;
      const first = await this.#sendBatch(batch.slice(0, middle));
      return [...first, ...(await this.#sendBatch(batch.slice(middle)))];
    }
    this.#options.done?.(
      batch.map(({ item }) => item),
      outcomes,
    );
    const busy: Waiting<Item, Outcome>[] = [];
    for (const [index, waiting] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) {
        waiting.reject(new Error('The database gave no outcome for an append.'));
      } else if (this.#options.isBusy(outcome) && waiting.tries < BUSY_TRIES) {
        waiting.tries += 1;
        // Its holder gets time; the others go on.
        waiting.notBefore = performance.now() + 2 ** Math.min(waiting.tries, 6);
        busy.push(waiting);
      } else {
        waiting.resolve(outcome);
      }
    }
    return busy;
  }
}
