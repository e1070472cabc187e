import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ended, guard, removeFolder, spawnServer, tail } from './server-process.ts';

export interface ServerProgram {
  /** As people call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** A fresh one of its own (`serverFolder`), which is removed with it; its log is `log` in it. */
  readonly folder: string;
  /** What `ps` calls its process: a pattern of grep. */
  readonly process: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly isReady: () => Promise<boolean>;
}

/** A program that is started, killed and started again with what it kept in its folder. */
export interface ServerLife {
  readonly isUp: () => boolean;
  /** Nothing where it runs; resolves when it is ready. @throws Error with the end of its log, and then all is removed. */
  readonly start: () => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** SIGKILL; nothing where it does not run. */
  readonly kill: () => Promise<void>;
  /** Ends it and removes its folder. Returns its exit code, or the signal that ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals | null>;
}

const WITHIN_MS = 60_000;

/** Resolves when it is ready. It ends with this process at the latest. */
export async function startServer(program: ServerProgram): Promise<ServerLife> {
  const { name, command, args, folder, environment, isReady } = program;
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const dismiss = guard(folder, pidFile, program.process);
  let child: ChildProcess | null = null;
  const isUp = (): boolean => child !== null && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === null) return;
    // Whoever waits for its end must not end first.
    child.ref();
    child.kill(signal);
    await ended(child);
  };
  const stop: ServerLife['stop'] = async (signal = 'SIGKILL') => {
    await end(signal);
    removeFolder(folder);
    dismiss();
    return child?.exitCode ?? child?.signalCode ?? null;
  };
  const start = async (): Promise<void> => {
    if (isUp()) return;
    child = spawnServer(command, args, log, undefined, environment);
    writeFileSync(pidFile, String(child.pid));
    const deadline = Date.now() + WITHIN_MS;
    while (!(await isReady())) {
      if (!isUp() || Date.now() > deadline) {
        const said = tail(log);
        await stop();
        throw new Error(`${name} did not start:\n${said}`);
      }
      await pause(20);
    }
  };
  await start();
  return { isUp, start, signal: (signal) => void child?.kill(signal), kill: () => end('SIGKILL'), stop };
}

/** Whether a page is there, with a status below 300. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}
