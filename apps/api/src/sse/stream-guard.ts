import type { Credentials } from '@holdfast/core';

/** Open streams are looked at this often, ms: one whose key was revoked ends within 5 s. */
export const GUARD_MS = 2_500;

/** Ends streams whose caller is no longer let in: a request is checked once, a stream lasts for hours. */
export class StreamGuard {
  readonly #stillGood: (credentials: Credentials) => Promise<boolean>;
  readonly #open = new Map<string, { readonly credentials: Credentials; readonly ends: Set<() => void> }>();

  /** `stillGood`: whether a new request with these credentials would be let in. */
  constructor(stillGood: (credentials: Credentials) => Promise<boolean>) {
    this.#stillGood = stillGood;
  }

  /** `end` is called at most once, when the caller is let in no longer. Returns the function that stops watching. */
  watch(credentials: Credentials, end: () => void): () => void {
    const key = JSON.stringify([credentials.authorization, credentials.session, credentials.tenant]);
    const watched = this.#open.get(key) ?? { credentials, ends: new Set() };
    this.#open.set(key, watched);
    watched.ends.add(end);
    return () => {
      watched.ends.delete(end);
      if (watched.ends.size === 0 && this.#open.get(key) === watched) this.#open.delete(key);
    };
  }

  /** One question for each key, however many streams it has open. */
  async sweep(): Promise<void> {
    for (const [key, { credentials, ends }] of this.#open) {
      if (await this.#stillGood(credentials)) continue;
      this.#open.delete(key);
      for (const end of ends) end();
    }
  }
}
