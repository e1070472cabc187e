import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseNotUsable } from './errors.ts';
import type { Connections, Sql } from './sql.ts';

/** The same for sources and for what was built: both are two folders below the package. */
const folder = new URL('../../migrations/postgres/', import.meta.url);
const LOCK_KEY = 7_165_324_890_157;
const LIMIT_MS = 10 * 60_000;

interface Migration {
  readonly name: string;
  readonly text: string;
  /** SHA-256, hex */
  readonly hash: string;
}

/**
 * Brings the schema up to date, one process at a time; the login must be a superuser, or may create roles, or be a
 * member of the roles of `roles.sql`. A process that dies in it leaves whole migrations. Returns what was applied now.
 * Throws `DatabaseNotUsable`: `migration_changed` when an applied migration is not the one of this release,
 * `database_too_new`, and `database_behind_pooler`.
 */
export function applyMigrations(connections: Connections, lockTimeoutMs: number): Promise<readonly string[]> {
  return connections.lend(async (sql) => {
    if (!sql.ownSession)
      throw new DatabaseNotUsable(
        'database_behind_pooler',
        'Migrations need a session of their own: set DATABASE_MIGRATE_URL or DATABASE_DIRECT_URL to a url past the pooler.',
      );
    // Whoever is migrating is waited for, and building an index takes its time.
    await sql.query('set lock_timeout = 0; set statement_timeout = 0');
    await sql.query(`select pg_catalog.pg_advisory_lock(${LOCK_KEY})`);
    try {
      await prepare(sql);
      const done = await appliedNames(sql);
      refuseBreaking(newerNames(done));
      const applied: string[] = [];
      for (const migration of migrations()) {
        const hash = done.get(migration.name);
        if (hash === undefined) {
          await apply(sql, migration, lockTimeoutMs);
          applied.push(migration.name);
        } else if (hash !== migration.hash) {
          throw new DatabaseNotUsable(
            'migration_changed',
            `Migration ${migration.name} was applied with another content than this release has.`,
          );
        }
      }
      return applied;
    } finally {
      await sql.query(`select pg_catalog.pg_advisory_unlock(${LOCK_KEY}); reset lock_timeout; reset statement_timeout`);
    }
  }, LIMIT_MS);
}

/** How a database and this release fit. */
export interface SchemaState {
  /** To be applied by `holdfast migrate`. */
  readonly missing: readonly string[];
  /** Applied by a later release. */
  readonly newer: readonly string[];
}

export async function schemaState(connections: Connections): Promise<SchemaState> {
  const done = await connections.lend(async (sql) => {
    const [row] = await sql.query<{ made: boolean }>(
      "select pg_catalog.to_regclass('holdfast.migrations') is not null as made",
    );
    return row?.made === true ? appliedNames(sql) : new Map<string, string>();
  });
  return {
    missing: migrations().flatMap(({ name }) => (done.has(name) ? [] : [name])),
    newer: newerNames(done),
  };
}

/** Throws `DatabaseNotUsable` with what to do: `database_not_migrated`, `database_too_new`. */
export async function checkSchema(connections: Connections): Promise<void> {
  const { missing, newer } = await schemaState(connections);
  refuseBreaking(newer);
  if (missing.length > 0)
    throw new DatabaseNotUsable(
      'database_not_migrated',
      `The database lacks the migrations ${missing.join(', ')}. Run holdfast migrate of this release first.`,
    );
}

const newerNames = (done: ReadonlyMap<string, string>): string[] => {
  const known = new Set(migrations().map(({ name }) => name));
  return [...done.keys()].filter((name) => !known.has(name)).toSorted();
};

/**
 * The code of the release before goes on while the new one is rolled out, so it takes what it does not know, unless the
 * migration's name says that older code cannot work with it.
 */
function refuseBreaking(newer: readonly string[]): void {
  const breaking = newer.filter((name) => name.includes('.breaking.'));
  if (breaking.length === 0) return;
  throw new DatabaseNotUsable(
    'database_too_new',
    `The database has migrations that older releases cannot work with, and this one does not know them: ${breaking.join(', ')}. Start the release that made them, or a later one.`,
  );
}

function migrations(): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_.*\.sql$/.test(name))
    .toSorted()
    .map((name) => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      return { name, text, hash: createHash('sha256').update(text).digest('hex') };
    });
}

async function prepare(sql: Sql): Promise<void> {
  await sql.query(readFileSync(new URL('roles.sql', folder), 'utf8'));
  const [row] = await sql.query<{ made: boolean }>(
    "select pg_catalog.to_regclass('holdfast.migrations') is not null as made",
  );
  if (row?.made === true) return;
  await inTransaction(sql, async () => {
    await sql.query('create schema if not exists holdfast authorization holdfast_owner; set local role holdfast_owner');
    await sql.query(`
      create table holdfast.migrations (
        name text primary key,
        hash text not null,
        applied_at timestamptz not null default pg_catalog.now()
      );
      grant usage on schema holdfast to holdfast_engine, holdfast_api, holdfast_worker;
      grant select on holdfast.migrations to holdfast_api, holdfast_worker;
    `);
  });
}

async function appliedNames(sql: Sql): Promise<Map<string, string>> {
  const rows = await sql.query<{ name: string; hash: string }>('select name, hash from holdfast.migrations');
  return new Map(rows.map(({ name, hash }) => [name, hash]));
}

/** `*.engine.sql` makes functions, as the role that is to own them; only meanwhile it may create anything. */
function apply(sql: Sql, { name, text, hash }: Migration, lockTimeoutMs: number): Promise<void> {
  return inTransaction(sql, async () => {
    await sql.query(`set local lock_timeout = ${lockTimeoutMs}`);
    await sql.query('set local role holdfast_owner');
    if (name.endsWith('.engine.sql')) {
      await sql.query('grant create on schema holdfast to holdfast_engine; set local role holdfast_engine');
      await sql.query(text);
      await sql.query('set local role holdfast_owner; revoke create on schema holdfast from holdfast_engine');
    } else {
      await sql.query(text);
    }
    await sql.query('insert into holdfast.migrations (name, hash) values ($1, $2)', [name, hash]);
  });
}

async function inTransaction(sql: Sql, work: () => Promise<void>): Promise<void> {
  await sql.query('begin');
  try {
    await work();
  } catch (error) {
    await sql.query('rollback');
    throw error;
  }
  await sql.query('commit');
}
