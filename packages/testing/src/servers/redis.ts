import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { authority } from './authority.ts';
import { freePort } from './free-port.ts';
import { startServer } from './server-life.ts';
import { serverFolder } from './server-process.ts';

/** A Redis or Valkey with the users of `deploy/valkey/users.acl`, which keeps nothing; it survives its own death. */
export interface RedisServer {
  /** With user and password. */
  readonly url: string;
  readonly port: number;
  /** Of the authority that has issued its certificate; null: it speaks no TLS. */
  readonly caFile: string | null;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: on the same port, empty. Nothing where it runs. */
  start(): Promise<void>;
  /** SIGSTOP: connections stay, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Speaks TLS alone, with a certificate for 127.0.0.1 by an authority of its own. */
  readonly tls?: boolean;
  /** Further lines of users; `%` stands for the hash of the password. */
  readonly users?: readonly string[];
}

export const REDIS_PASSWORD = 'for-tests';

const usersFile = fileURLToPath(new URL('../../../../deploy/valkey/users.acl', import.meta.url));

/** On a free port of 127.0.0.1; it ends with this process at the latest. `bin`: the path of the program. */
export async function startRedis(bin: string, { tls = false, users = [] }: RedisOptions = {}): Promise<RedisServer> {
  const folder = serverFolder('redis', undefined);
  const port = await freePort();
  const hash = createHash('sha256').update(REDIS_PASSWORD).digest('hex');
  const acl = readFileSync(usersFile, 'utf8').replaceAll('HOLDFAST_PASSWORD_SHA256', hash);
  const further = users.map((line) => `${line.replace('%', `#${hash}`)}\n`);
  writeFileSync(join(folder, 'users.acl'), acl + further.join(''));
  const args = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--aclfile', join(folder, 'users.acl')];
  if (tls) {
    const { key, cert } = authority(folder, 'ca').issue('127.0.0.1');
    writeFileSync(join(folder, 'key.pem'), key);
    writeFileSync(join(folder, 'cert.pem'), cert);
    args.push('--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no');
    args.push('--tls-cert-file', 'cert.pem', '--tls-key-file', 'key.pem', '--tls-ca-cert-file', 'ca.pem');
  } else args.push('--port', String(port));
  const { kill, signal, start, stop } = await startServer({
    name: 'Redis',
    command: bin,
    args,
    folder,
    process: bin.includes('valkey') ? 'valkey' : 'redis',
    isReady: () => listens(port),
  });
  return {
    url: `redis${tls ? 's' : ''}://holdfast:${REDIS_PASSWORD}@127.0.0.1:${port}`,
    port,
    caFile: tls ? join(folder, 'ca.pem') : null,
    kill,
    start,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    stop: async () => void (await stop()),
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
