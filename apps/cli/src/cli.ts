import { CommanderError } from 'commander';
import { Client } from './client.ts';
import { exitCodes, Failure } from './failure.ts';
import type { Output } from './output.ts';
import { makeProgram } from './program.ts';
import { clientSettings, type Surroundings } from './settings.ts';

export interface Terminal {
  readonly tty: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs one command line (without node and script); returns what the process exits with. Never throws. */
export async function runCli(args: readonly string[], surroundings: Surroundings, terminal: Terminal): Promise<number> {
  let code: number = exitCodes.ok;
  let client: Client | null = null;
  // Wherever it stands: a command or the program may take it.
  const json = args.includes('--json');
  const output: Output = { json, tty: terminal.tty && !json, out: terminal.out, err: terminal.err };
  const program = makeProgram({
    surroundings,
    output: () => output,
    client: () => (client ??= new Client(clientSettings(surroundings))),
    exit: (given) => {
      code = given;
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof Failure) {
      terminal.err(`holdfast: ${error.message}`);
      return error.exitCode;
    }
    const told = error instanceof Error && 'code' in error && typeof error.code === 'string';
    terminal.err(
      `holdfast: ${error instanceof Error ? error.message : String(error)}${told ? ` (${String(error.code)})` : ''}`,
    );
    return exitCodes.failed;
  }
}
