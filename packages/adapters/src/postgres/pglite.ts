import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';
import { lockDirectory } from './directory-lock.ts';
import { DatabaseNotUsable } from './errors.ts';
import { sqlOf, types } from './pool.ts';
import type { Connections, Sql } from './sql.ts';
import { SyncFS } from './sync-fs.ts';

export interface PgliteDatabase extends Connections {
  /** Syncs to disk so far; null in memory. */
  syncs(): number | null;
  /** After what was asked before. */
  close(): Promise<void>;
}

/** As delivered, PGlite runs with -F (no sync) and buffers for a server of its own. */
const startParams = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  '-c',
  'shared_buffers=32MB',
  '-c',
  'wal_sync_method=fsync',
];

/** `pglite://memory`, or `pglite://` and a directory. */
export function directoryOf(url: string): string | null {
  const path = decodeURIComponent(url.slice('pglite://'.length));
  if (path === 'memory') return null;
  if (path === '') {
    throw new DatabaseNotUsable('database_url_invalid', 'DATABASE_URL names no directory: pglite:///path/to/data.');
  }
  return isAbsolute(path) ? path : resolve(path);
}

/**
 * Postgres inside this process, which has the directory to itself. Each commit is synced to disk.
 * Throws `DatabaseNotUsable`: `database_in_use`, `database_corrupt`; `database_unreachable` when the directory cannot be
 * made or written.
 */
export async function openPglite(url: string): Promise<PgliteDatabase> {
  const { db, fs, released } = await open(url);
  return connected(db, fs, released);
}

/** The same for a client that is not ours (benchmarks): one connection, by `pg`. */
export async function openPgliteClient(url: string): Promise<{ config: pg.ClientConfig; close(): Promise<void> }> {
  const { db, released } = await open(url);
  return { config: createPgConfig(db), close: () => db.close().finally(released) };
}

interface Opened {
  readonly db: PGlite;
  readonly fs: SyncFS | null;
  readonly released: () => Promise<void>;
}

async function open(url: string): Promise<Opened> {
  const directory = directoryOf(url);
  if (directory === null)
    return { db: await PGlite.create({ startParams }), fs: null, released: () => Promise.resolve() };
  makeDirectory(directory);
  const lock = await lockDirectory(directory).catch((error: unknown) => {
    throw error instanceof DatabaseNotUsable ? error : noAccess(directory, error);
  });
  try {
    const fs = new SyncFS(directory);
    const started = existsSync(join(directory, 'PG_VERSION'));
    const db = await create(fs, directory, started);
    return { db, fs, released: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function create(fs: SyncFS, directory: string, existing: boolean): Promise<PGlite> {
  try {
    return await PGlite.create({ fs, startParams });
  } catch (error) {
    if (!existing) throw noAccess(directory, error);
    throw new DatabaseNotUsable(
      'database_corrupt',
      `The database in ${directory} does not open: its files are damaged or of another version. Restore a backup, or move the directory away to begin anew.`,
      { cause: error },
    );
  }
}

/** Parse, Bind, Describe, Execute, Close: without a Sync behind them nothing is answered. */
const heldBack = new Set(['P', 'B', 'D', 'E', 'C'].map((tag) => tag.charCodeAt(0)));

/**
 * PGlite for `pg`, whose adapter hands over one protocol message after the other. Each is a call into WebAssembly, so
 * those that end with one Sync go in one.
 */
function inOneCall(db: PGlite): PGlite {
  let held: Uint8Array[] = [];
  const gathering: Pick<PGlite, 'waitReady' | 'execProtocolStream'> = {
    waitReady: db.waitReady,
    execProtocolStream(message, options) {
      held.push(message);
      const [tag] = message;
      if (tag !== undefined && heldBack.has(tag)) return Promise.resolve([]);
      const messages = Buffer.concat(held);
      held = [];
      return db.execProtocolStream(messages, options);
    },
  };
  // All that the adapter asks of it.
  return gathering as PGlite;
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw noAccess(directory, error);
  }
}

function noAccess(directory: string, error: unknown): DatabaseNotUsable {
  const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
  return new DatabaseNotUsable('database_unreachable', `No database can be made in ${directory}: ${why ?? ''}.`, {
    cause: error,
  });
}

/**
 * One connection, lent to one piece of work after the other. Not `pg.Pool`: over PGlite its connections break after
 * an error.
 */
async function connected(db: PGlite, fs: SyncFS | null, released: () => Promise<void>): Promise<PgliteDatabase> {
  const client = new pg.Client(Object.assign(createPgConfig(inOneCall(db)), { types }));
  await client.connect();
  const sql: Sql = sqlOf(client, true);
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | null = null;
  return {
    async lend(work) {
      if (closing !== null) throw new Error('The database is closed.');
      const turn = last.then(() => work(sql));
      last = turn.catch(() => undefined);
      return turn;
    },
    syncs: () => fs?.syncs ?? null,
    close() {
      closing ??= last.then(() => db.close()).finally(released);
      return closing;
    },
  };
}
