import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ended, guard, removeFolder, serverFolder, spawnServer, tail } from './server-process.ts';

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
const WITHIN_MS = 60_000;

/** It ends with this process at the latest. */
export async function startSourceProgram({ main, environment, readyAt }: SourceProgramOptions): Promise<SourceProgram> {
  const folder = serverFolder('program', undefined);
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  // Newer releases of Node name their main thread instead.
  const dismiss = guard(folder, pidFile, 'node\\|MainThread');
  const args = ['--conditions=holdfast-source', '--import', import.meta.resolve('tsx'), join(root, main)];
  const surroundings = { HOME: process.env['HOME'] ?? '/', ...environment };
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawnServer(process.execPath, args, log, undefined, surroundings);
    writeFileSync(pidFile, String(child.pid));
    const deadline = Date.now() + WITHIN_MS;
    while (!(await answers(readyAt))) {
      if (hasEnded(child) || Date.now() > deadline) throw new Error(`${main} did not start:\n${tail(log)}`);
      await pause(50);
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    // Whoever waits for its end must not end first.
    child.ref();
    child.kill(signal);
    await ended(child);
  };
  await start();
  return {
    output: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    isUp: () => !hasEnded(child),
    kill: () => end('SIGKILL'),
    start,
    stop: async () => {
      await end('SIGTERM');
      removeFolder(folder);
      dismiss();
      return child.exitCode ?? child.signalCode;
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}
