import { randomBytes } from 'node:crypto';
import { type Hint, type Hints, hintText, ProcessHints, readHint } from '@holdfast/core';
import type { RedisLink } from './redis-link.ts';

const CHANNEL = 'hints';

/**
 * Hints between processes by the server's channels, and by another way while it is away. Whoever has lost it, or found it
 * again, is told to look at everything: something may have been missed.
 */
export class RedisHints implements Hints {
  readonly #link: RedisLink;
  readonly #otherwise: Hints;
  readonly #here = new ProcessHints();
  readonly #me = randomBytes(4).toString('hex');
  #gathered = new Map<string, Hint>();
  #sending: Promise<void> | null = null;

  constructor(link: RedisLink, otherwise: Hints) {
    this.#link = link;
    this.#otherwise = otherwise;
    link.subscribe(CHANNEL, (message) => this.#hear(message));
    link.onChange(() => this.#here.tell({ about: 'everything' }));
  }

  publish(hints: readonly Hint[]): void {
    if (!this.#link.up) {
      // It tells this process, too.
      this.#otherwise.publish(hints);
      return;
    }
    this.#here.publish(hints);
    // Of a run, the newest.
    for (const hint of hints) this.#gathered.set('run' in hint ? hint.run : hint.about, hint);
    this.#sending ??= this.#send();
  }

  subscribe(listener: (hint: Hint) => void): () => void {
    const leave = [this.#here, this.#otherwise].map((hints) => hints.subscribe(listener));
    return () => leave.forEach((each) => each());
  }

  /** Resolves when what was published has been sent, or has gone the other way. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  /** What gathers while a message is under way goes out with the next. */
  async #send(): Promise<void> {
    await Promise.resolve();
    while (this.#gathered.size > 0) {
      const hints = [...this.#gathered.values()];
      this.#gathered = new Map();
      try {
        await this.#link.publish(CHANNEL, [this.#me, ...hints.map(hintText)].join());
      } catch {
        this.#otherwise.publish(hints);
      }
    }
    this.#sending = null;
  }

  #hear(message: string): void {
    const [from, ...texts] = message.split(',');
    if (from === this.#me) return;
    for (const text of texts) this.#here.tell(readHint(text));
  }
}
