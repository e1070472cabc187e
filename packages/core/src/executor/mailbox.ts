import type { Command } from '../run/command.ts';

/** What reaches the holder of a run while calls are under way: their outcomes, and hints that somebody spoke. */
export class Mailbox {
  #commands: Command[] = [];
  /** The head that the log is said to have. */
  #told = 0;
  /** The head that the holder knows. */
  #read = 0;
  #wake: (() => void) | null = null;

  put(command: Command): void {
    this.#commands.push(command);
    this.#wake?.();
  }

  /** The log has grown to `head`, or the holder is asked to look up whatever it has read. */
  nudge(head: number): void {
    this.#told = Math.max(this.#told, head);
    if (this.#told > this.#read) this.#wake?.();
  }

  /**
   * Resolves with the first outcome, with news that go beyond `read`, the head that the holder knows (its own appends
   * are no news), or after `timeoutMs`; what came in the meantime comes together.
   */
  async next(timeoutMs: number | null, read: number): Promise<{ commands: Command[]; nudged: boolean }> {
    this.#read = read;
    if (this.#commands.length === 0 && this.#told <= read) await this.#news(timeoutMs);
    const mail = { commands: this.#commands, nudged: this.#told > read };
    this.#commands = [];
    this.#told = 0;
    return mail;
  }

  /** What nobody has read yet; for when nobody will. */
  rest(): Command[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  #news(timeoutMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === null ? null : setTimeout(resolve, Math.min(timeoutMs, MAX_TIMER_MS));
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Longer timers overflow to 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
