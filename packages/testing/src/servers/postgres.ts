import { type ChildProcess, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './free-port.ts';
import { ready } from './ready.ts';
import {
  ended,
  guard,
  type Owner,
  removeFolder,
  serverFolder,
  serverOwner,
  spawnServer,
  tail,
} from './server-process.ts';

export interface PostgresServer {
  /** As the superuser, database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Where the server writes its log. */
  readonly log: string;
  /** Its data directory. */
  readonly data: string;
  /** Asks as the superuser, one statement after another, in a session of its own. All rows. */
  query(...statements: readonly string[]): Promise<Record<string, unknown>[]>;
  /** Starts it again on the same data and port, after a fast shutdown if it still runs. */
  restart(): Promise<void>;
  /** Fast shutdown; the data is removed. */
  stop(): Promise<void>;
  /** SIGKILL to the postmaster, a crash: the data stays for `restart`. */
  kill(): Promise<void>;
  /** Sends a signal to the postmaster, such as SIGSTOP and SIGCONT. */
  signal(name: NodeJS.Signals): void;
}

export interface PostgresOptions {
  /** The folder with initdb and postgres. */
  readonly bin: string;
  /** Default false: survives `kill`, since the machine goes on, and is much quicker. */
  readonly fsync?: boolean;
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf, in place of its own. */
  readonly hba?: readonly string[];
}

export interface StandbyOptions extends Omit<PostgresOptions, 'hba'> {
  readonly primary: PostgresServer;
}

/** A Postgres of its own, with fresh data, on a free port of 127.0.0.1; it ends with this process at the latest. */
export function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const password = randomBytes(12).toString('hex');
  return start(options, password, async (data, folder, owner) => {
    await initdb(options.bin, folder, data, password, owner);
    if (options.hba !== undefined) writeFileSync(join(data, 'pg_hba.conf'), `${options.hba.join('\n')}\n`);
  });
}

/** A standby that streams from another server, as `pg_basebackup` makes one. Its name there is `standby`. */
export function startStandby({ primary, ...options }: StandbyOptions): Promise<PostgresServer> {
  const at = new URL(primary.url);
  return start(options, at.password, async (data, folder, owner) => {
    const source = `host=127.0.0.1 port=${at.port} user=postgres password=${at.password} application_name=standby`;
    const flags = ['-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync', '-d', source];
    await promisify(execFile)(join(options.bin, 'pg_basebackup'), flags, { cwd: folder, ...owner });
  });
}

export interface BackupOptions {
  readonly bin: string;
  /** Where `pg_basebackup` has put it, and the archive of the log after it. */
  readonly backup: string;
  readonly archive: string;
  /** The named restore point to stop at. */
  readonly at: string;
  readonly password: string;
}

/** A server that was restored from a base backup and archived log, to a restore point, and takes writes. */
export function startRestored({ bin, backup, archive, at, password }: BackupOptions): Promise<PostgresServer> {
  const settings = {
    restore_command: `cp ${archive}/%f %p`,
    recovery_target_name: at,
    recovery_target_action: 'promote',
  };
  return start({ bin, settings }, password, (data) => {
    cpSync(backup, data, { recursive: true, preserveTimestamps: true });
    writeFileSync(join(data, 'recovery.signal'), '');
    return promisify(execFile)('chown', ['-R', `--reference=${backup}`, data]).then(() => undefined);
  });
}

type Fill = (data: string, folder: string, owner: Owner | undefined) => Promise<void>;

async function start(
  { bin, fsync = false, settings = {} }: Omit<PostgresOptions, 'hba'>,
  password: string,
  fill: Fill,
): Promise<PostgresServer> {
  const owner = serverOwner();
  const folder = serverFolder('postgres', owner);
  const data = join(folder, 'data');
  const log = join(folder, 'log');
  const dismiss = guard(folder, join(data, 'postmaster.pid'), 'postgres');
  // synchronous_commit stays on: without it, a kill would lose what was acknowledged.
  const quick = fsync ? {} : { fsync: 'off', full_page_writes: 'off' };
  const conf = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...quick, ...settings };
  let child: ChildProcess;
  let port = 0;

  const urlAt = (at: number): string => `postgres://postgres:${password}@127.0.0.1:${at}/postgres`;

  const launch = async (): Promise<void> => {
    const flags = Object.entries({ ...conf, port: String(port) }).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    // After a kill, the old backends need a moment to let go of the shared memory; a port may be taken by now.
    for (let attempt = 1; ; attempt += 1) {
      rmSync(log, { force: true });
      child = spawnServer(join(bin, 'postgres'), ['-D', data, ...flags], log, owner);
      try {
        await ready(child, urlAt(port), log);
        return;
      } catch (error) {
        const passing = /pre-existing shared memory|still in use/.test(tail(log));
        child.kill('SIGQUIT');
        await ended(child);
        if (!passing || attempt === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };

  const halt = async (name: NodeJS.Signals): Promise<void> => {
    // Spawned without a reference so that it keeps nobody alive; its end is waited for all the same.
    child.ref();
    child.kill('SIGCONT');
    child.kill(name);
    await ended(child);
  };

  try {
    await fill(data, folder, owner);
    for (let attempt = 1; ; attempt += 1) {
      port = await freePort();
      try {
        await launch();
        break;
      } catch (error) {
        if (attempt === 5 || !/Address already in use|could not create any TCP/.test(String(error))) throw error;
      }
    }
  } catch (error) {
    removeFolder(folder);
    dismiss();
    throw error;
  }

  return {
    url: urlAt(port),
    port,
    log,
    data,
    query: (...statements) => query(urlAt(port), statements),
    async restart() {
      await halt('SIGINT');
      await launch();
    },
    async stop() {
      await halt('SIGINT');
      removeFolder(folder);
      dismiss();
    },
    kill: () => halt('SIGKILL'),
    signal(name) {
      child.kill(name);
    },
  };
}

async function query(url: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows.push(...(await client.query<Record<string, unknown>>(statement)).rows);
    return rows;
  } finally {
    await client.end();
  }
}

async function initdb(
  bin: string,
  folder: string,
  data: string,
  password: string,
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  const file = join(folder, 'password');
  writeFileSync(file, password, { mode: 0o600 });
  if (owner !== undefined) chownSync(file, owner.uid, owner.gid);
  const flags = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${file}`,
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ];
  await promisify(execFile)(join(bin, 'initdb'), [...flags, '--no-sync'], { cwd: folder, ...owner });
  rmSync(file);
}
