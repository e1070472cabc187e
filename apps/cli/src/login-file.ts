import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from './failure.ts';
import type { Surroundings } from './settings.ts';

const storedLogin = z.object({
  issuer: z.string(),
  client_id: z.string(),
  scope: z.string(),
  /** That commands are about; null = the only one. */
  tenant: z.string().nullable(),
  access_token: z.string(),
  /** null = none: the login ends with its access token. */
  refresh_token: z.string().nullable(),
  /** ms since 1970 */
  refresh_at: z.number(),
  expires_at: z.number(),
});
export type StoredLogin = z.output<typeof storedLogin>;

const loginFile = z.object({
  /** The server of the last login; null = that was ended. */
  url: z.string().nullable(),
  /** By the address of the server: a token goes nowhere else. */
  logins: z.record(z.string(), storedLogin),
});
export type LoginFile = z.output<typeof loginFile>;

/** A refresh asks the issuer for at most 10 s. */
const LOCK_STALE_MS = 30_000;
const LOOK_AGAIN_MS = 50;

export const configFolder = ({ env, home }: Surroundings): string =>
  join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'holdfast');

const pathOf = (surroundings: Surroundings): string => join(configFolder(surroundings), 'login.json');

/** What `holdfast login` has stored. @throws Failure when it cannot be read. */
export function readLogins(surroundings: Surroundings): LoginFile {
  const path = pathOf(surroundings);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { url: null, logins: {} };
  }
  try {
    return loginFile.parse(JSON.parse(text));
  } catch {
    throw new Failure(`${path} cannot be read as logins of the CLI: remove it, and log in again.`);
  }
}

/**
 * Changes it while no other process does: of two that refresh a login at once, the second would end it. `change` gives
 * what is to be stored; null = it stays.
 */
export async function changeLogins<T>(
  surroundings: Surroundings,
  change: (now: LoginFile) => Promise<{ readonly next: LoginFile | null; readonly result: T }>,
): Promise<T> {
  const path = pathOf(surroundings);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = `${path}.lock`;
  while (!locked(lock)) await pause(LOOK_AGAIN_MS);
  try {
    const { next, result } = await change(readLogins(surroundings));
    if (next !== null) write(path, next);
    return result;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Whole or not at all, and readable by its owner alone from the beginning. */
function write(path: string, logins: LoginFile): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

function locked(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    // Its process was killed.
    if (since !== undefined && Date.now() - since > LOCK_STALE_MS) rmSync(lock, { force: true });
    return false;
  }
}
