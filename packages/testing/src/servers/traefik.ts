import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { startServer } from './server-life.ts';
import { serverFolder } from './server-process.ts';

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
  const { kill, start, stop } = await startServer({
    name: 'Traefik',
    command: bin,
    args: [`--configFile=${file}`],
    folder,
    process: 'traefik',
    environment: settings,
    isReady: () => isReady(url),
  });
  return { url, internal, kill, start, stop: async () => void (await stop()) };
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
