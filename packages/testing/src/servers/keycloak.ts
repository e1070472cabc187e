import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { answers } from './server-life.ts';
import { ended, guard, removeFolder, serverFolder, spawnServer, tail } from './server-process.ts';

/** Keycloak with the realm of `deploy/keycloak/dev.json`, in production mode over HTTP; it survives its own death. */
export interface KeycloakServer {
  /** http://127.0.0.1:port */
  readonly url: string;
  /** As tokens say it. */
  readonly issuer: string;
  /** The admin API below `/admin/realms/holdfast`. Returns the answer's JSON, or null; throws on a status from 400. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: on the same port, with what it knew. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface KeycloakOptions {
  /** The edge in front of it, on this machine: what tokens and pages say. Default: its own address. */
  readonly publicUrl?: string;
  /** For those who must know it before; default: any that is free. */
  readonly port?: number;
}

const REALM = 'holdfast';
export const KEYCLOAK_ADMIN_PASSWORD = 'dev-only-admin';
const ADMIN = { username: 'admin', password: KEYCLOAK_ADMIN_PASSWORD };
const realmFile = fileURLToPath(new URL('../../../../deploy/keycloak/dev.json', import.meta.url));
/** What the realm leaves open. */
const SETTINGS = { HOLDFAST_URL: 'http://127.0.0.1:7070', HOLDFAST_CLIENT_SECRET: 'dev-only-holdfast-secret' };
const WITHIN_MS = 240_000;

/**
 * On free ports of 127.0.0.1; it ends with this process at the latest. `home`: the unpacked and built distribution. The
 * first start with a realm file imports it, which takes a minute; what came of that is kept beside `home` and copied.
 */
export async function startKeycloak(home: string, options: KeycloakOptions = {}): Promise<KeycloakServer> {
  const realm = createHash('sha256').update(readFileSync(realmFile)).digest('hex').slice(0, 12);
  const imported = join(home, '..', `imported-${realm}`);
  if (!existsSync(imported)) await importRealm(home, imported);
  const folder = serverFolder('keycloak', undefined);
  cpSync(imported, join(folder, 'data'), { recursive: true });
  return serve(home, folder, archiveOf(imported), options);
}

async function importRealm(home: string, imported: string): Promise<void> {
  const folder = serverFolder('keycloak', undefined);
  mkdirSync(join(folder, 'data', 'import'), { recursive: true });
  cpSync(realmFile, join(folder, 'data', 'import', 'holdfast-realm.json'));
  // Its classes are kept, too: later starts take half the time.
  const archive = join(folder, 'data', 'classes.jsa');
  const server = await serve(home, folder, ['-XX:ArchiveClassesAtExit=' + archive], {}, ['--import-realm']);
  const kept = mkdtempSync(`${imported}.`);
  await server.end();
  cpSync(join(folder, 'data'), kept, { recursive: true });
  removeFolder(folder);
  // Another process may have been faster: its is as good.
  try {
    renameSync(kept, imported);
  } catch {
    removeFolder(kept);
  }
  server.dismiss();
}

const archiveOf = (imported: string): string[] => {
  const archive = join(imported, 'classes.jsa');
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off'] : [];
};

/** SIGTERM, so that the database and the archive of classes are written whole. */
interface Served extends KeycloakServer {
  end(): Promise<void>;
  dismiss(): void;
}

async function serve(
  home: string,
  folder: string,
  java: readonly string[],
  { publicUrl, port: wanted }: KeycloakOptions,
  more: readonly string[] = [],
): Promise<Served> {
  // A home of its own, so that several can run: the program is shared, the data is not.
  for (const part of ['lib', 'providers', 'themes', 'conf', 'version.txt'])
    symlinkSync(join(home, part), join(folder, part));
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const dismiss = guard(folder, pidFile, 'java');
  const [port, management] = await Promise.all([wanted ?? freePort(), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  const issuer = `${publicUrl ?? url}/realms/${REALM}`;
  const args = [...jvm(folder), ...java, '-cp', join(home, 'lib', 'quarkus-run.jar')];
  args.push('io.quarkus.bootstrap.runner.QuarkusEntryPoint', 'start', '--optimized', ...more);
  args.push('--http-enabled=true', '--http-host=127.0.0.1', `--http-port=${port}`, '--cache=local');
  args.push('--http-management-host=127.0.0.1', `--http-management-port=${management}`);
  args.push(`--hostname=${publicUrl ?? url}`, '--hostname-backchannel-dynamic=true');
  if (publicUrl !== undefined) args.push('--proxy-headers=xforwarded', '--proxy-trusted-addresses=127.0.0.1');
  args.push(`--db-url=jdbc:h2:file:${join(folder, 'data', 'h2', 'keycloakdb')};NON_KEYWORDS=VALUE`);
  args.push(`--bootstrap-admin-username=${ADMIN.username}`, `--bootstrap-admin-password=${ADMIN.password}`);
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawnServer(program(), args, log, undefined, SETTINGS);
    writeFileSync(pidFile, String(child.pid));
    const deadline = Date.now() + WITHIN_MS;
    // The port is open before the database and the import are ready, and answers 503.
    for (const page of [`http://127.0.0.1:${management}/health/ready`, `${url}/realms/${REALM}`])
      while (!(await answers(page))) {
        if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline)
          throw new Error(`Keycloak did not start:\n${tail(log)}`);
        await pause(100);
      }
  };
  const die = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    // Whoever waits for its end must not end first.
    child.ref();
    child.kill(signal);
    await ended(child);
  };
  await start();
  return {
    url,
    issuer,
    admin: (method, path, body) => administer(url, method, path, body),
    kill: () => die('SIGKILL'),
    start,
    end: () => die('SIGTERM'),
    dismiss,
    stop: async () => {
      await die('SIGKILL');
      removeFolder(folder);
      dismiss();
    },
  };
}

const program = (): string => {
  const home = process.env['JAVA_HOME'];
  return home === undefined ? 'java' : join(home, 'bin', 'java');
};

/** As `kc.sh` starts it, and with one compiler: a start takes half the work. */
const jvm = (folder: string): string[] => [
  `-Dkc.home.dir=${folder}`,
  `-Djboss.server.config.dir=${join(folder, 'conf')}`,
  '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
  '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
  '-Dpicocli.disable.closures=true',
  '-Djava.security.egd=file:/dev/urandom',
  '-Xms64m',
  '-Xmx512m',
  '-XX:+ExitOnOutOfMemoryError',
  '-XX:TieredStopAtLevel=1',
  ...['util', 'util.concurrent', 'security', 'lang'].map((part) => `--add-opens=java.base/java.${part}=ALL-UNNAMED`),
];

async function administer(url: string, method: string, path: string, body: unknown): Promise<unknown> {
  const granted = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...ADMIN }),
  });
  const { access_token } = (await granted.json()) as { access_token?: string };
  const answer = await fetch(`${url}/admin/realms/${REALM}${path}`, {
    method,
    headers: { authorization: `Bearer ${access_token ?? ''}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Keycloak's admin API: ${method} ${path} was answered ${answer.status}: ${text}`);
  return text === '' ? null : (JSON.parse(text) as unknown);
}
