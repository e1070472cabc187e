import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { startServer } from './server-life.ts';
import { serverFolder } from './server-process.ts';

/** Temporal's development server on one file; it survives its own death. */
export interface TemporalServer {
  /** host:port */
  readonly address: string;
  /** Where its web pages are, below `/temporal`. */
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
  const [port, ui, http, metrics] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const address = `127.0.0.1:${port}`;
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(ui)];
  args.push('--ui-public-path', '/temporal', '--ui-disable-news-fetch');
  args.push('--http-port', String(http), '--metrics-port', String(metrics), '--log-level', 'warn');
  args.push('--db-filename', join(folder, 'temporal.db'));
  const cli = async (...words: readonly string[]): Promise<string> =>
    (await run(bin, [...words, '--address', address])).stdout;
  const health = () => cli('operator', 'cluster', 'health').catch(() => '');
  const { kill, start, stop } = await startServer({
    name: 'Temporal',
    command: bin,
    args,
    folder,
    process: 'temporal',
    isReady: async () => (await health()).includes('SERVING'),
  });
  return {
    address,
    ui: `http://127.0.0.1:${ui}`,
    kill,
    start,
    cli,
    stop: async () => void (await stop()),
  };
}
