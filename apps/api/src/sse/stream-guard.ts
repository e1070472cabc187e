import type { Credentials, Operation } from '@holdfast/core';

/** Open streams are looked at this often, ms: one whose key was revoked ends within 5 s. */
export const GUARD_MS = 2_500;

interface Watched {
  readonly credentials: Credentials;
  readonly operation: Operation;
  readonly ends: Set<() => void>;
}

/** Ends streams whose caller is no longer let in: a request is checked once, a stream lasts for hours. */
export class StreamGuard {
  readonly #mayGoOn: (credentials: Credentials, operation: Operation) => Promise<boolean>;
  #sweeping: Promise<void> | null = null;
  readonly #open = new Map<string, Watched>();

  /** `mayGoOn`: whether a new request with these credentials could do it. */
  constructor(mayGoOn: (credentials: Credentials, operation: Operation) => Promise<boolean>) {
    this.#mayGoOn = mayGoOn;
  }

  /** `end` is called at most once, when the caller is let in no longer. Returns the function that stops watching. */
  watch(credentials: Credentials, operation: Operation, end: () => void): () => void {
    const { authorization, session, tenant } = credentials;
    const key = JSON.stringify([authorization, session, tenant, operation]);
    const watched = this.#open.get(key) ?? { credentials, operation, ends: new Set() };
    this.#open.set(key, watched);
    watched.ends.add(end);
    return () => {
      watched.ends.delete(end);
      if (watched.ends.size === 0 && this.#open.get(key) === watched) this.#open.delete(key);
    };
  }

  /**
   * One question for each key, however many streams it has open. One sweep at a time: a slow one is waited for.
   * @throws AggregateError: what could not be asked. All others were.
   */
  async sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = null));
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const failures: unknown[] = [];
    for (const [key, { credentials, operation, ends }] of this.#open) {
      try {
        if (await this.#mayGoOn(credentials, operation)) continue;
      } catch (error) {
        failures.push(error);
        continue;
      }
      this.#open.delete(key);
      for (const end of ends) end();
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} callers could not be checked`);
  }
}
