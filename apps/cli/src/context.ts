import type { Holdfast } from '@holdfast/sdk';
import type { Output } from './output.ts';
import type { Surroundings } from './settings.ts';

/** What every command is given. */
export interface Context {
  readonly surroundings: Surroundings;
  readonly output: () => Output;
  /** Made at the first use: `init`, `migrate` and `completion` need none. */
  readonly client: () => Holdfast;
  /** A value that must not stand in a command line: standard input, or typed unseen at a terminal. */
  readonly secret: (question: string) => Promise<string>;
  /** Sets what the process exits with. */
  readonly exit: (code: number) => void;
}
