import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { PostgresServer } from './postgres.ts';

export interface Database {
  readonly name: string;
  /** As the superuser. */
  readonly url: string;
  /** Ends its connections and removes it; `server.stop()` removes it as well. */
  drop(): Promise<void>;
}

type Prepare = (url: string) => Promise<unknown>;

const templates = new WeakMap<PostgresServer, Map<Prepare, Promise<string>>>();

/**
 * A fresh database on the server. `prepare` (migrations, say) runs once per server, on a template of which
 * each further database is a copy. Keep it one function: a new one makes a new template.
 */
export async function database(server: PostgresServer, prepare?: Prepare): Promise<Database> {
  const template = prepare === undefined ? 'template1' : await templateOf(server, prepare);
  const name = await create(server, template);
  return { name, url: urlOf(server, name), drop: () => admin(server, `drop database if exists ${name} with (force)`) };
}

function templateOf(server: PostgresServer, prepare: Prepare): Promise<string> {
  const known = templates.get(server) ?? new Map<Prepare, Promise<string>>();
  templates.set(server, known);
  const template = known.get(prepare) ?? makeTemplate(server, prepare);
  known.set(prepare, template);
  return template;
}

async function makeTemplate(server: PostgresServer, prepare: Prepare): Promise<string> {
  const name = await create(server, 'template1');
  await prepare(urlOf(server, name));
  // A database with connections cannot be copied: end those that `prepare` may have left behind.
  await admin(server, `alter database ${name} allow_connections false`);
  await admin(
    server,
    `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = '${name}'`,
  );
  return name;
}

async function create(server: PostgresServer, template: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await admin(server, `create database ${name} template ${template}`);
  return name;
}

function urlOf(server: PostgresServer, name: string): string {
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function admin(server: PostgresServer, sql: string): Promise<void> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
