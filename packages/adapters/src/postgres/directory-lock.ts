import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseNotUsable } from './errors.ts';
import { codeOf } from './unavailable.ts';

export interface DirectoryLock {
  release(): Promise<void>;
}

/** The longest path of a Unix socket on Linux is 107 bytes; macOS has three fewer, and a suffix comes to it. */
const LONGEST_PATH = 90;

/**
 * Makes the directory this process's alone. The lock is a listening socket named after the directory: whoever dies
 * stops answering, so a lock is stale when, and only when, nobody answers. Two processes on one PGlite directory would
 * destroy its data without an error.
 *
 * Throws `DatabaseNotUsable` (`database_in_use`) when another process has it.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  mkdirSync(dirname(directory), { recursive: true });
  const path = socketPath(directory);
  const own = `${path}.${randomBytes(3).toString('hex')}`;
  const server = await listen(own);
  try {
    // A link is made by one process only; whoever replaces a stale lock first moves it away, which one process can.
    while (!tryLink(own, path)) {
      if (await answers(path)) {
        throw new DatabaseNotUsable('database_in_use', `Another Holdfast process is using the data in ${directory}.`);
      }
      await removeStale(path);
    }
  } catch (error) {
    await close(server);
    throw error;
  }
  rmSync(own, { force: true });
  return {
    async release() {
      rmSync(path, { force: true });
      await close(server);
    },
  };
}

function socketPath(directory: string): string {
  const real = join(realpathSync(dirname(directory)), directory.slice(dirname(directory).length + 1));
  const beside = `${real}.lock`;
  if (Buffer.byteLength(beside) <= LONGEST_PATH) return beside;
  return join(tmpdir(), `holdfast-${createHash('sha256').update(real).digest('hex').slice(0, 24)}.lock`);
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(3).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  // Between the question and the move another process may have put its own lock there: give it back.
  if (await answers(aside)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
