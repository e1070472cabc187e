import type { HostConfig, Target } from './target.ts';

/** Which host of a target is used. All connections of one choice are to the same host. */
export interface Choice {
  readonly host: HostConfig;
  /** Grows with each choice. */
  readonly number: number;
}

/** The host that connections go to, and the next one when it is not to be had. */
export class Hosts {
  readonly #hosts: readonly HostConfig[];
  #number = 0;

  constructor({ hosts }: Target) {
    this.#hosts = hosts;
  }

  get count(): number {
    return this.#hosts.length;
  }

  get choice(): Choice {
    const host = this.#hosts[this.#number % this.#hosts.length];
    if (host === undefined) throw new Error('a target without hosts');
    return { host, number: this.#number };
  }

  /** From now on the next one, unless somebody was quicker. */
  leave({ number }: Pick<Choice, 'number'>): void {
    if (this.count > 1 && number === this.#number) this.#number += 1;
  }
}
