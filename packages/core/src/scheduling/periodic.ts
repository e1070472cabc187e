/** Runs one thing again and again, never twice at once; says itself when it wants to run next. */
export class Periodic {
  readonly #work: () => Promise<number>;
  readonly #afterErrorMs: number;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  /** `work` returns the pause until its next run, ms; Infinity = only when asked by `soon`. */
  constructor(work: () => Promise<number>, afterErrorMs: number, failed: (error: unknown) => void) {
    this.#work = work;
    this.#afterErrorMs = afterErrorMs;
    this.#failed = failed;
  }

  /** At once, or right after the run that is under way. */
  soon(): void {
    if (this.#running !== null) this.#again = true;
    else this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#again = false;
    this.#running = this.#work()
      .catch((error: unknown) => {
        this.#failed(error);
        return this.#afterErrorMs;
      })
      .then((pauseMs) => {
        this.#running = null;
        if (this.#again) this.#run();
        else if (Number.isFinite(pauseMs) && !this.#stopped) this.#timer = setTimeout(() => this.#run(), pauseMs);
      });
  }
}
