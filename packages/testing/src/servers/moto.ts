import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { ended, guard, removeFolder, serverFolder, spawnServer, tail } from './server-process.ts';

/** AWS as moto plays it, in memory. It checks no signature. */
export interface MotoServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** On a free port of 127.0.0.1; it ends with this process at the latest. `bin`: the path of `moto_server`. */
export async function startMoto(bin: string): Promise<MotoServer> {
  const folder = serverFolder('moto', undefined);
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const dismiss = guard(folder, pidFile, 'moto_server');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawnServer(bin, ['-H', '127.0.0.1', '-p', String(port)], log, undefined);
  writeFileSync(pidFile, String(child.pid));
  const deadline = Date.now() + 60_000;
  while (
    !(await fetch(`${endpoint}/moto-api/`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline)
      throw new Error(`moto did not start:\n${tail(log)}`);
    await pause(50);
  }
  return {
    endpoint,
    stop: async () => {
      child.ref();
      child.kill('SIGKILL');
      await ended(child);
      removeFolder(folder);
      dismiss();
    },
  };
}
