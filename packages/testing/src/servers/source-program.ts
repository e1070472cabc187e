import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, startServer } from './server-life.ts';
import { serverFolder } from './server-process.ts';

/** One of Holdfast's own programs, run from its sources; it survives its own death as far as it kept things elsewhere. */
export interface SourceProgram {
  /** What it has written so far, in all its lives. */
  output(): string;
  /** Whether it lives. */
  isUp(): boolean;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: with the same environment. Resolves when it is ready. */
  start(): Promise<void>;
  /** SIGTERM. @returns its exit code, or the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals | null>;
}

export interface SourceProgramOptions {
  /** From the root of the repository. */
  readonly main: string;
  /** All that it gets beside PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  /** Answers 200 once it is ready. */
  readonly readyAt: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** It ends with this process at the latest. */
export async function startSourceProgram({ main, environment, readyAt }: SourceProgramOptions): Promise<SourceProgram> {
  const folder = serverFolder('program', undefined);
  const log = join(folder, 'log');
  const { isUp, kill, start, stop } = await startServer({
    name: main,
    command: process.execPath,
    args: ['--conditions=holdfast-source', '--import', import.meta.resolve('tsx'), join(root, main)],
    folder,
    // Newer releases of Node name their main thread instead.
    process: 'node\\|MainThread',
    environment: { HOME: process.env['HOME'] ?? '/', ...environment },
    isReady: () => answers(readyAt),
  });
  return {
    output: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    isUp,
    kill,
    start,
    stop: () => stop('SIGTERM'),
  };
}
