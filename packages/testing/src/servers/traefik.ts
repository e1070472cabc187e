import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { ended, guard, removeFolder, serverFolder, spawnServer, tail } from './server-process.ts';

/** Traefik with the configuration of `deploy/traefik`. */
export interface TraefikServer {
  /** Where it publishes. */
  readonly url: string;
  /** Its health and its numbers. */
  readonly internal: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: on the same ports. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const folderOf = (file: string): string =>
  fileURLToPath(new URL(`../../../../deploy/traefik/${file}`, import.meta.url));

/**
 * On free ports of 127.0.0.1 instead of its own; it ends with this process at the latest. `bin`: the path of the program;
 * `settings`: the variables that `dynamic.yml` reads; `publishAt`: the port where it publishes, for those who must know it
 * before.
 */
export async function startTraefik(
  bin: string,
  settings: Readonly<Record<string, string>>,
  publishAt?: number,
): Promise<TraefikServer> {
  const folder = serverFolder('traefik', undefined);
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const dismiss = guard(folder, pidFile, 'traefik');
  const [port, tls, internalPort] = await Promise.all([publishAt ?? freePort(), freePort(), freePort()]);
  const file = join(folder, 'traefik.yml');
  const places = {
    '":8080"': `127.0.0.1:${port}`,
    '":8443"': `127.0.0.1:${tls}`,
    '":8082"': `127.0.0.1:${internalPort}`,
    '/etc/traefik/dynamic.yml': folderOf('dynamic.yml'),
  };
  writeFileSync(file, moved(readFileSync(folderOf('traefik.yml'), 'utf8'), places));
  const url = `http://127.0.0.1:${port}`;
  const internal = `http://127.0.0.1:${internalPort}`;
  let child: ChildProcess;
  const kill = async (): Promise<void> => {
    // Whoever waits for its end must not end first.
    child.ref();
    child.kill('SIGKILL');
    await ended(child);
  };
  const stop = async (): Promise<void> => {
    await kill();
    removeFolder(folder);
    dismiss();
  };
  const start = async (): Promise<void> => {
    child = spawnServer(bin, [`--configFile=${file}`], log, undefined, settings);
    writeFileSync(pidFile, String(child.pid));
    const deadline = Date.now() + 60_000;
    while (!(await isReady(url))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        const said = tail(log);
        await stop();
        throw new Error(`Traefik did not start:\n${said}`);
      }
      await pause(50);
    }
  };
  await start();
  return { url, internal, kill, start, stop };
}

/** @throws Error where a place is not in the file any more: the test would start another Traefik than it says. */
function moved(text: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`deploy/traefik/traefik.yml has no ${from}`);
    return now.replace(from, to);
  }, text);
}

/** It listens before it has read what to publish, and answers 404 by itself until then. */
async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/signed-out`, { signal: AbortSignal.timeout(5_000) });
    return (await answer.text()) !== '404 page not found\n';
  } catch {
    return false;
  }
}
