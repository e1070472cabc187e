import { ArtifactsBusy, type TenantScope } from '@holdfast/core';

/** Who waits to be let in. */
interface Waiting extends TenantScope {
  readonly enter: () => void;
}

/** So many streams at once, of which one tenant may have half; more wait a little. */
export class StreamPlaces {
  readonly #what: string;
  readonly #limit: number;
  readonly #waitMs: number;
  readonly #held = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();

  /** `what`: they, in words. */
  constructor(what: string, limit: number, waitMs: number) {
    this.#what = what;
    this.#limit = limit;
    this.#waitMs = waitMs;
  }

  /** Whoever has taken a place leaves it. @throws ArtifactsBusy when none became free. */
  async take({ tenant }: TenantScope): Promise<void> {
    if (this.#letIn(tenant)) return;
    await new Promise<void>((resolve, reject) => {
      const waiting = {
        tenant,
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(
          new ArtifactsBusy(
            `${this.#limit} ${this.#what} at once are what one process takes, half of them of one tenant; none of those under way ended within ${this.#waitMs} ms`,
          ),
        );
      }, this.#waitMs);
      this.#waiting.add(waiting);
    });
  }

  leave({ tenant }: TenantScope): void {
    const left = (this.#held.get(tenant) ?? 0) - 1;
    if (left > 0) this.#held.set(tenant, left);
    else this.#held.delete(tenant);
    // In the order in which they came.
    for (const waiting of this.#waiting) {
      if (!this.#letIn(waiting.tenant)) continue;
      this.#waiting.delete(waiting);
      waiting.enter();
      return;
    }
  }

  #letIn(tenant: string): boolean {
    const own = this.#held.get(tenant) ?? 0;
    const all = [...this.#held.values()].reduce((sum, held) => sum + held, 0);
    if (all >= this.#limit || own >= this.#limit / 2) return false;
    this.#held.set(tenant, own + 1);
    return true;
  }
}
