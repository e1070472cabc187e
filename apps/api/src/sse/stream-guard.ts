/** Open streams are looked at this often, ms: one whose key was revoked ends within 5 s. */
export const GUARD_MS = 2_500;

/** Ends streams whose caller is no longer let in: a request is checked once, a stream lasts for hours. */
export class StreamGuard {
  readonly #stillGood: (authorization: string) => Promise<boolean>;
  readonly #open = new Map<string, Set<() => void>>();

  /** `stillGood`: whether a new request with this `Authorization` would be let in. */
  constructor(stillGood: (authorization: string) => Promise<boolean>) {
    this.#stillGood = stillGood;
  }

  /** `end` is called at most once, when the caller is let in no longer. Returns the function that stops watching. */
  watch(authorization: string, end: () => void): () => void {
    const ends = this.#open.get(authorization) ?? new Set();
    this.#open.set(authorization, ends);
    ends.add(end);
    return () => {
      ends.delete(end);
      if (ends.size === 0 && this.#open.get(authorization) === ends) this.#open.delete(authorization);
    };
  }

  /** One question for each key, however many streams it has open. */
  async sweep(): Promise<void> {
    for (const [authorization, ends] of this.#open) {
      if (await this.#stillGood(authorization)) continue;
      this.#open.delete(authorization);
      for (const end of ends) end();
    }
  }
}
