import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Program {
  readonly child: ChildProcess;
  /** What it has written so far, both streams. */
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves when the text was written; rejects when the program ends without it. */
  saw(text: string | RegExp, withinMs?: number): Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** One of our programs from its sources, with nothing of our own environment but PATH and HOME. */
export function start(main: string, args: readonly string[], environment: Readonly<Record<string, string>>): Program {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--conditions=holdfast-source', '--import', 'tsx', main, ...args], {
    cwd: root,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => {
    output += String(data);
    errors += String(data);
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  return {
    child,
    output: () => output,
    errors: () => errors,
    ended,
    async saw(text, withinMs = 60_000) {
      const until = performance.now() + withinMs;
      const found = (): boolean => (typeof text === 'string' ? output.includes(text) : text.test(output));
      while (!found()) {
        if (performance.now() > until || child.exitCode !== null || child.signalCode !== null)
          throw new Error(`never saw ${String(text)} in:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}
