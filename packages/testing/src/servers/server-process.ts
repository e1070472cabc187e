import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Postgres and PgBouncer refuse to run as root: who they run as then. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** undefined: we are not root, and the server runs as ourselves. */
export function serverOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }).toString());
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user here: try the next.
    }
  }
  throw new Error('running as root, and there is neither a user postgres nor nobody for the server');
}

/** A fresh folder that the server's user can reach and write. */
export function serverFolder(name: string, owner: Owner | undefined): string {
  const parent = owner === undefined || isOpen(tmpdir()) ? tmpdir() : '/var/tmp';
  accessSync(parent);
  const folder = mkdtempSync(join(parent, `holdfast-${name}-`));
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  chmodSync(folder, 0o700);
  return folder;
}

/** Whether everybody may pass through the folder and all that lie above it. */
function isOpen(folder: string): boolean {
  const passable = (statSync(folder).mode & 0o001) !== 0;
  return passable && (folder === dirname(folder) || isOpen(dirname(folder)));
}

/**
 * Starts a server in its own session, so that a Ctrl-C in the terminal does not reach it before the test does.
 * Its output goes to `log`, appended.
 */
export function spawnServer(
  command: string,
  args: readonly string[],
  log: string,
  owner: Owner | undefined,
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const output = openSync(log, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', ...environment },
    cwd: dirname(log),
    ...owner,
  });
  child.unref();
  closeSync(output);
  return child;
}

/**
 * Ends the server and removes its folder when this process is gone, however it ended: the guard waits for the end
 * of its standard input, which closes even after SIGKILL.
 * @returns a function that dismisses the guard
 */
export function guard(folder: string, pidFile: string, program: string): () => void {
  const script = `
    cat >/dev/null
    pid=$(head -n 1 "$2" 2>/dev/null)
    if [ -n "$pid" ] && ps -o comm= -p "$pid" 2>/dev/null | grep -q "$3"; then
      kill -QUIT "$pid"
      i=0
      while kill -0 "$pid" 2>/dev/null && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
      kill -KILL "$pid" 2>/dev/null
    fi
    rm -rf "$1"`;
  const child = spawn('sh', ['-c', script, 'guard', folder, pidFile, program], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  child.unref();
  const input = child.stdin as typeof child.stdin & { unref?: () => void };
  input.unref?.();
  return () => input.end();
}

/** Resolves when the child is gone; at once if it is. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** The last lines of a log, for an error message. */
export function tail(log: string): string {
  try {
    return readFileSync(log, 'utf8').split('\n').slice(-15).join('\n');
  } catch {
    return '(no log)';
  }
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
