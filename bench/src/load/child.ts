import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Memory } from './memory.ts';

export interface Child {
  readonly process: ChildProcess;
  /** Of the process. */
  readonly pid: number;
  /** What it said when it was ready: one line of JSON. */
  readonly ready: Readonly<Record<string, string>>;
  /** Of a program that calls `tellMemory`. */
  memory(): Promise<Memory>;
  /** What the owner of the tables asks of the database that it has opened; for PGlite, which lets nobody else in. */
  ask<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]>;
  /** SIGTERM, then waits for its end. */
  stop(): Promise<void>;
  /** SIGKILL, then waits for its end. */
  kill(): Promise<void>;
}

/**
 * A program of the bench in a process of its own, so that it does not share the load's event loop. BENCH_PROFILES, when
 * set, is the folder that gets a CPU profile of each.
 */
export async function start(main: URL, environment: Readonly<Record<string, string>>): Promise<Child> {
  const profiles = process.env['BENCH_PROFILES'];
  const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const child = spawn(
    process.execPath,
    [...profiling, '--expose-gc', '--conditions=holdfast-source', '--import', 'tsx', main.pathname],
    {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  const { stdout, pid } = child;
  if (stdout === null || pid === undefined) throw new Error(`${main.pathname} was not started`);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await new Promise<Record<string, string>>((resolve, reject) => {
    void ended.then(() => reject(new Error(`${main.pathname} ended before it was ready`)));
    createInterface({ input: stdout }).once('line', (line) => resolve(JSON.parse(line) as Record<string, string>));
  });
  stdout.resume();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    process: child,
    pid,
    ready,
    memory: async () => {
      child.send('memory');
      const [memory] = (await once(child, 'message')) as [Memory];
      return memory;
    },
    ask: async <Row>(text: string, values: readonly unknown[]) => {
      child.send({ text, values });
      const [answer] = (await once(child, 'message')) as [{ rows: readonly Row[] } | { error: string }];
      if ('error' in answer) throw new Error(`${answer.error}: ${text}`);
      return answer.rows;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
