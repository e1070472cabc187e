import type { Command } from '../run/command.ts';

/** What reaches the holder of a run while calls are under way: their outcomes, and hints that somebody spoke. */
export class Mailbox {
  #commands: Command[] = [];
  #nudged = false;
  #wake: (() => void) | null = null;

  put(command: Command): void {
    this.#commands.push(command);
    this.#wake?.();
  }

  /** The log may have grown, or the holder is asked to look up. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  /** Resolves with the first outcome, hint, or after `timeoutMs`; what came in the meantime comes together. */
  async next(timeoutMs: number | null): Promise<{ commands: Command[]; nudged: boolean }> {
    if (this.#commands.length === 0 && !this.#nudged) await this.#news(timeoutMs);
    const mail = { commands: this.#commands, nudged: this.#nudged };
    this.#commands = [];
    this.#nudged = false;
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
