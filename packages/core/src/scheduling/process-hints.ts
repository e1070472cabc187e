import type { Hint, Hints } from './hints.ts';

type Listener = (hint: Hint) => void;

/** Hints within this process. */
export class ProcessHints implements Hints {
  readonly #listeners = new Set<Listener>();

  publish(hints: readonly Hint[]): void {
    for (const hint of hints) this.tell(hint);
  }

  subscribe(listener: Listener): () => void {
    // The same function may listen twice.
    const own: Listener = (hint) => listener(hint);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** Not at once: whoever publishes goes on undisturbed by what listeners do. */
  tell(hint: Hint): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(hint));
  }
}
