import { type Part, type PartName, partNames } from './part.ts';

type Server = Omit<Part, 'program' | 'address'>;

/** Starts parts, and knows them, so that all that was started is stopped. */
export class Launcher {
  readonly #parts = new Map<PartName, Part>();
  readonly #began = performance.now();
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Waits until the part is ready, and enters it. */
  async launch<S extends Server>(
    name: PartName,
    program: string,
    starting: Promise<S>,
    addressOf: (server: S) => string,
  ): Promise<S> {
    const server = await starting;
    const address = addressOf(server);
    this.#parts.set(name, { ...server, program, address });
    const seconds = ((performance.now() - this.#began) / 1_000).toFixed(1);
    this.#say(`  ${name.padEnd(14)} ${program.padEnd(12)} ${address.padEnd(23)} after ${seconds} s`);
    return server;
  }

  /** @throws Error when one was not launched. */
  get parts(): Readonly<Record<PartName, Part>> {
    for (const name of partNames) if (!this.#parts.has(name)) throw new Error(`${name} was not launched`);
    return Object.fromEntries(this.#parts) as Record<PartName, Part>;
  }

  /** All that were launched, the last one first. */
  async stop(): Promise<void> {
    for (const name of partNames.toReversed()) await this.#parts.get(name)?.stop();
  }
}

/** All at once. When one fails, the others are waited for: whoever stops them must know of them. */
export async function allOf<T extends readonly Promise<unknown>[]>(
  starts: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(starts);
  return Promise.all(starts);
}
