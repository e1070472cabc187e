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
 * member of the roles of `roles.sql`. Returns the names of what was applied now.
 * Throws `DatabaseNotUsable` (`migration_changed`) when an applied migration is not the one of this release.
 */
export function applyMigrations(connections: Connections): Promise<readonly string[]> {
  return connections.lend(async (sql) => {
    await sql.query(`select pg_catalog.pg_advisory_lock(${LOCK_KEY})`);
    try {
      await prepare(sql);
      const done = await appliedNames(sql);
      const applied: string[] = [];
      for (const migration of migrations()) {
        const hash = done.get(migration.name);
        if (hash === undefined) {
          await apply(sql, migration);
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
      await sql.query(`select pg_catalog.pg_advisory_unlock(${LOCK_KEY})`);
    }
  }, LIMIT_MS);
}

/** Whether the schema is the one of this release; one line that says what is missing, or null. */
export async function schemaProblem(connections: Connections): Promise<string | null> {
  const done = await connections.lend(async (sql) => {
    const [row] = await sql.query<{ made: boolean }>(
      "select pg_catalog.to_regclass('holdfast.migrations') is not null as made",
    );
    return row?.made === true ? appliedNames(sql) : new Map<string, string>();
  });
  const missing = migrations().filter(({ name }) => !done.has(name));
  return missing.length === 0
    ? null
    : `The database lacks the migrations ${missing.map(({ name }) => name).join(', ')}.`;
}

/** @throws DatabaseNotUsable `database_not_migrated`. */
export async function checkSchema(connections: Connections): Promise<void> {
  const problem = await schemaProblem(connections);
  if (problem !== null) throw new DatabaseNotUsable('database_not_migrated', problem);
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
function apply(sql: Sql, { name, text, hash }: Migration): Promise<void> {
  return inTransaction(sql, async () => {
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
