import type { ChildProcess } from 'node:child_process';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { ready } from './ready.ts';
import { ended, guard, removeFolder, serverFolder, serverOwner, spawnServer } from './server-process.ts';

export interface PgBouncer {
  /** The target's user and database, through the pooler. */
  readonly url: string;
  readonly port: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface PgBouncerOptions {
  /** The program. */
  readonly bin: string;
  /** A superuser's url of the Postgres behind it; every database and user of that server can be reached. */
  readonly target: string;
  readonly poolMode: 'session' | 'transaction' | 'statement';
  /** Connections to the server per user and database; default 5. */
  readonly poolSize?: number;
}

/** A PgBouncer of its own on a free port of 127.0.0.1; it ends with this process at the latest. */
export async function startPgBouncer({ bin, target, poolMode, poolSize = 5 }: PgBouncerOptions): Promise<PgBouncer> {
  const behind = new URL(target);
  const user = decodeURIComponent(behind.username);
  const password = decodeURIComponent(behind.password);
  const owner = serverOwner();
  const folder = serverFolder('pgbouncer', owner);
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const dismiss = guard(folder, pidFile, 'pgbouncer');

  const start = async (port: number): Promise<PgBouncer> => {
    // Other users log in with the secret that auth_query finds, so a suite need not list them.
    const ini = `[databases]
* = host=${behind.hostname} port=${behind.port} auth_user=${user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
pidfile = ${pidFile}
auth_type = scram-sha-256
auth_file = ${join(folder, 'users')}
auth_query = select usename, passwd from pg_catalog.pg_shadow where usename = $1
pool_mode = ${poolMode}
default_pool_size = ${poolSize}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
server_login_retry = 1
`;
    write('users', `"${user}" "${password}"\n`);
    write('pgbouncer.ini', ini);
    const url = new URL(target);
    url.port = String(port);
    let child: ChildProcess;
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      // Whoever waits for its end must not end first.
      child.ref();
      child.kill(signal);
      await ended(child);
    };
    const serve = async (): Promise<void> => {
      // One that was killed has left it behind, and the next would not start.
      rmSync(pidFile, { force: true });
      child = spawnServer(bin, [join(folder, 'pgbouncer.ini')], log, owner);
      try {
        await ready(child, url.href, log);
      } catch (error) {
        await end('SIGKILL');
        throw error;
      }
    };
    await serve();
    return {
      url: url.href,
      port,
      kill: () => end('SIGKILL'),
      start: serve,
      stop: async () => {
        await end('SIGQUIT');
        removeFolder(folder);
        dismiss();
      },
    };
  };

  function write(name: string, text: string): void {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (owner !== undefined) chownSync(file, owner.uid, owner.gid);
  }

  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await start(await freePort());
      } catch (error) {
        if (attempt === 5 || !/Address already in use/i.test(String(error))) throw error;
      }
    }
  } catch (error) {
    removeFolder(folder);
    dismiss();
    throw error;
  }
}
