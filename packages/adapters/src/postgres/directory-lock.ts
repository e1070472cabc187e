import { createHash, randomBytes } from 'node:crypto';
import { closeSync, linkSync, mkdirSync, openSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseNotUsable } from './errors.ts';
import { codeOf } from './unavailable.ts';

export interface DirectoryLock {
  release(): Promise<void>;
}

/** The longest path of a Unix socket is 107 bytes on Linux, 103 on macOS; a name of ours comes to it. */
const LONGEST_PATH = 85;

/**
 * Makes the directory this process's alone. Two processes on one PGlite directory would destroy its data without an
 * error, so the lock is a listening socket: whoever dies stops answering, however it died.
 *
 * Sockets are numbered, in a folder beside the directory, and the one with the highest number is the lock. Who finds
 * it dead adds the next number, which only one process can; the highest is never removed, so that a number that was
 * once found dead is never given again.
 *
 * Throws `DatabaseNotUsable` (`database_in_use`) when another process has it.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  mkdirSync(dirname(directory), { recursive: true });
  const folder = lockFolder(directory);
  try {
    const server = await take(folder.path);
    if (server === null) {
      throw new DatabaseNotUsable('database_in_use', `Another Holdfast process is using the data in ${directory}.`);
    }
    return { release: () => close(server) };
  } finally {
    folder.done();
  }
}

/** The listening socket that is the lock now; null when another process has it. */
async function take(folder: string): Promise<Server | null> {
  const own = join(folder, `new-${randomBytes(4).toString('hex')}`);
  const server = await listen(own);
  try {
    for (;;) {
      const highest = numbers(folder).at(-1) ?? 0;
      if (highest > 0 && (await answers(join(folder, String(highest))))) break;
      const mine = highest + 1;
      if (!link(own, join(folder, String(mine)))) continue;
      const all = numbers(folder);
      // Somebody was two steps ahead of us, and has removed the number that we then took.
      if (all.at(-1) !== mine) {
        rmSync(join(folder, String(mine)), { force: true });
        continue;
      }
      for (const old of all.slice(0, -1)) rmSync(join(folder, String(old)), { force: true });
      return server;
    }
  } catch (error) {
    await close(server);
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
  await close(server);
  return null;
}

const numbers = (folder: string): number[] =>
  readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((one, other) => one - other);

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** `directory.lock`, by a path that is short enough for sockets in it. */
function lockFolder(directory: string): { path: string; done: () => void } {
  const beside = join(realpathSync(dirname(directory)), `${basename(directory)}.lock`);
  if (Buffer.byteLength(beside) <= LONGEST_PATH || platform() === 'linux') {
    mkdirSync(beside, { recursive: true });
    if (Buffer.byteLength(beside) <= LONGEST_PATH) return { path: beside, done: () => undefined };
    const descriptor = openSync(beside, 'r');
    return { path: `/proc/self/fd/${descriptor}`, done: () => closeSync(descriptor) };
  }
  const path = join(tmpdir(), `holdfast-${createHash('sha256').update(beside).digest('hex').slice(0, 16)}`);
  mkdirSync(path, { recursive: true });
  return { path, done: () => undefined };
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

/** Only a refusal means that nobody is there; a suspended process still answers, since the kernel does it. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error) ?? '')));
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
