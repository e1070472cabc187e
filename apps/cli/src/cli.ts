import { Holdfast } from '@holdfast/sdk';
import { CommanderError } from 'commander';
import { exitCodes, failureOf } from './failure.ts';
import type { Output } from './output.ts';
import { makeProgram } from './program.ts';
import { clientSettings, type Surroundings } from './settings.ts';

export interface Terminal {
  /** Standard output is a terminal. */
  readonly tty: boolean;
  /** One line. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** As they are, to standard output. */
  readonly bytes: (bytes: Uint8Array | string) => void;
  readonly secret: (question: string) => Promise<string>;
}

/** Runs one command line (without node and script); returns what the process exits with. Never throws. */
export async function runCli(args: readonly string[], surroundings: Surroundings, terminal: Terminal): Promise<number> {
  let code: number = exitCodes.ok;
  let client: Holdfast | null = null;
  // Wherever it stands: a command or the program may take it.
  const json = args.includes('--json');
  const tty = terminal.tty && !json;
  const colour = tty && (surroundings.env['NO_COLOR'] ?? '') === '';
  const { out, err, bytes } = terminal;
  // npx tells so; without it there is no `holdfast` to call in a clone.
  const called = surroundings.env['npm_command'] === 'exec' ? 'npx holdfast' : 'holdfast';
  const output: Output = { program: called, json, tty, colour, out, err, bytes };
  const program = makeProgram({
    surroundings,
    output: () => output,
    client: () => (client ??= new Holdfast(clientSettings(surroundings))),
    secret: terminal.secret,
    exit: (given) => {
      code = given;
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const failure = failureOf(error, called);
    err(`holdfast: ${failure.message}`);
    return failure.exitCode;
  }
}
