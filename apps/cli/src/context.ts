import type { Client } from './client.ts';
import type { Output } from './output.ts';
import type { Surroundings } from './settings.ts';

/** What every command is given. */
export interface Context {
  readonly surroundings: Surroundings;
  readonly output: () => Output;
  /** Made at the first use: `init` and `migrate` need none. */
  readonly client: () => Client;
  /** Sets what the process exits with. */
  readonly exit: (code: number) => void;
}
