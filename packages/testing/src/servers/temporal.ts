import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { ended, guard, removeFolder, serverFolder, spawnServer, tail } from './server-process.ts';

/** Temporal's development server on one file; it survives its own death. */
export interface TemporalServer {
  /** host:port */
  readonly address: string;
  /** Of its web pages. */
  readonly ui: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: on the same port, with what it knew. */
  start(): Promise<void>;
  /** Runs the program against this server and returns what it prints. */
  cli(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** On free ports of 127.0.0.1; it ends with this process at the latest. `bin`: the path of the program. */
export async function startTemporal(bin: string): Promise<TemporalServer> {
  const folder = serverFolder('temporal', undefined);
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const dismiss = guard(folder, pidFile, 'temporal');
  const [port, ui, http, metrics] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const address = `127.0.0.1:${port}`;
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(ui)];
  args.push('--http-port', String(http), '--metrics-port', String(metrics), '--log-level', 'warn');
  args.push('--db-filename', join(folder, 'temporal.db'));
  const cli = async (...words: readonly string[]): Promise<string> =>
    (await run(bin, [...words, '--address', address])).stdout;
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawnServer(bin, args, log, undefined);
    writeFileSync(pidFile, String(child.pid));
    const deadline = Date.now() + 60_000;
    for (;;) {
      const health = await cli('operator', 'cluster', 'health').catch(() => '');
      if (health.includes('SERVING')) return;
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline)
        throw new Error(`Temporal did not start:\n${tail(log)}`);
      await pause(50);
    }
  };
  const kill = async (): Promise<void> => {
    // Whoever waits for its end must not end first.
    child.ref();
    child.kill('SIGKILL');
    await ended(child);
  };
  await start();
  return {
    address,
    ui: `http://127.0.0.1:${ui}`,
    kill,
    start,
    cli,
    stop: async () => {
      await kill();
      removeFolder(folder);
      dismiss();
    },
  };
}
