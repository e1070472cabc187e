import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Child {
  readonly process: ChildProcess;
  /** What it said when it was ready: one line of JSON. */
  readonly ready: Readonly<Record<string, string>>;
  /** SIGTERM, then waits for its end. */
  stop(): Promise<void>;
}

/** A program of the bench in a process of its own, so that it does not share the load's event loop. */
export async function start(main: URL, environment: Readonly<Record<string, string>>): Promise<Child> {
  const child = spawn(
    process.execPath,
    [
      ...(process.env['PROF'] === '1' ? ['--cpu-prof', '--cpu-prof-dir=/tmp/exp/prof'] : []),
      '--conditions=holdfast-source',
      '--import',
      'tsx',
      main.pathname,
    ],
    {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await new Promise<Record<string, string>>((resolve, reject) => {
    void ended.then(() => reject(new Error(`${main.pathname} ended before it was ready`)));
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve(JSON.parse(line) as Record<string, string>),
    );
  });
  child.stdout.resume();
  return {
    process: child,
    ready,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
