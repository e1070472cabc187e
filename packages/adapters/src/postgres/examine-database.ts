import type { Config } from '@holdfast/contracts';
import type { Finding } from '@holdfast/core';
import { schemaState } from './migrate.ts';
import { openPool } from './pool.ts';
import { closedSql } from './server-check.ts';
import type { Connections, Sql } from './sql.ts';
import { type Target, targetOf } from './target.ts';

/** Looks at the database as a process of this configuration would use it. Nothing is changed. */
export async function* examineDatabase({
  secrets,
  connections,
  installationId,
}: Pick<Config, 'secrets' | 'connections' | 'installationId'>): AsyncGenerator<Finding, void, undefined> {
  if (secrets.database === null) return;
  const { url, direct } = secrets.database;
  let target: Target;
  try {
    target = targetOf(url);
    targetOf(direct);
  } catch (error) {
    yield { check: 'database url', level: 'fail', detail: messageOf(error) };
    return;
  }
  const pool = openPool(target, { size: 1, applicationName: 'holdfast-doctor' });
  try {
    yield await pool.lend(server);
    yield await pool.lend((sql) => tls(sql, target, url));
    yield await (direct === url ? poolerBefore(pool) : poolerBetween(direct));
    yield await pool.lend(durability);
    yield* await pool.lend(replication);
    yield await pool.lend((sql) => room(sql, connections.poolSize));
    const schema = await tables(pool);
    yield schema;
    if (schema.level === 'fail') return;
    yield await pool.lend(rights);
    yield await pool.lend((sql) => restored(sql, installationId));
  } catch (error) {
    yield { check: 'database', level: 'fail', detail: `${target.shown}: ${messageOf(error)}` };
  } finally {
    await pool.close();
  }
}

async function server(sql: Sql): Promise<Finding> {
  const [row] = await sql.query<{ version: string; number: number; closed: boolean }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
       ${closedSql} as closed`,
  );
  const check = 'database server';
  const version = `Postgres ${row?.version ?? '?'}`;
  if ((row?.number ?? 0) < 150_000) return { check, level: 'fail', detail: `${version}: 15 or newer is needed` };
  if (row?.closed === true)
    return { check, level: 'fail', detail: `${version} takes no writes: it is a standby, or read-only` };
  return { check, level: 'ok', detail: version };
}

async function tls(sql: Sql, { hosts }: Target, url: string): Promise<Finding> {
  const check = 'database tls';
  const [row] = await sql.query<{ ssl: boolean; local: boolean }>(
    `select s.ssl, coalesce(pg_catalog.inet_server_addr() <<= '127.0.0.0/8' or pg_catalog.inet_server_addr() = '::1', true) as local
     from pg_catalog.pg_stat_ssl s where s.pid = pg_catalog.pg_backend_pid()`,
  );
  const [host] = hosts;
  const checked = typeof host?.ssl === 'object' && host.ssl.rejectUnauthorized !== false;
  if (row?.ssl === true && checked) return { check, level: 'ok', detail: 'TLS, the server’s certificate is checked' };
  if (row?.ssl === true)
    return { check, level: 'warn', detail: 'TLS, but nobody looks at the certificate: set sslmode=verify-full' };
  if (row?.local === true) return { check, level: 'ok', detail: 'none, on this machine' };
  return url.includes('sslmode=')
    ? { check, level: 'warn', detail: 'the connection to Postgres (past a pooler, if there is one) is not encrypted' }
    : { check, level: 'warn', detail: 'passwords and data go unencrypted: add sslmode=verify-full to DATABASE_URL' };
}

const POOLER = 'database pooler';

/** With one url for all. */
const poolerBefore = async (pool: Connections): Promise<Finding> =>
  (await pool.lend(ownSession))
    ? { check: POOLER, level: 'ok', detail: 'none in front' }
    : {
        check: POOLER,
        level: 'warn',
        detail: 'DATABASE_URL goes through a pooler, so dead workers are noticed after 5 s: set DATABASE_DIRECT_URL',
      };

async function poolerBetween(direct: string): Promise<Finding> {
  const pool = openPool(targetOf(direct), { size: 1, applicationName: 'holdfast-doctor' });
  try {
    return (await pool.lend(ownSession))
      ? { check: POOLER, level: 'ok', detail: 'DATABASE_DIRECT_URL goes past it' }
      : {
          check: POOLER,
          level: 'fail',
          detail: 'DATABASE_DIRECT_URL goes through a pooler, too: set one that goes past it',
        };
  } finally {
    await pool.close();
  }
}

const ownSession = (sql: Sql): Promise<boolean> => Promise.resolve(sql.ownSession);

async function durability(sql: Sql): Promise<Finding> {
  const rows = await sql.query<{ name: string }>(
    `select name from pg_catalog.pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name`,
  );
  const check = 'database durability';
  if (rows.length === 0) return { check, level: 'ok', detail: 'what is committed is on disk' };
  const off = rows.map(({ name }) => name).join(', ');
  return { check, level: 'warn', detail: `${off} off: acknowledged events may be lost. Switch on what is off.` };
}

async function replication(sql: Sql): Promise<readonly Finding[]> {
  const [row] = await sql.query<{ standbys: number; names: string }>(
    `select (select count(*)::int from pg_catalog.pg_stat_replication) as standbys,
       current_setting('synchronous_standby_names') as names`,
  );
  const standbys = row?.standbys ?? 0;
  const check = 'database replication';
  if (row?.names !== undefined && row.names !== '')
    return [{ check, level: 'ok', detail: `${standbys} streams, synchronous with ${row.names}` }];
  if (standbys === 0) return [];
  const detail = `${standbys} streams, none synchronous: when a standby is promoted, acknowledged events may be lost. See the runbook on failover.`;
  return [{ check, level: 'warn', detail }];
}

/** A process has its pool and one direct session. */
async function room(sql: Sql, poolSize: number): Promise<Finding> {
  const [row] = await sql.query<{ usable: number; processes: number }>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as usable,
       (select count(*)::int from pg_catalog.pg_stat_activity
        where datname = current_database() and application_name ~ '^holdfast-[a-z]+-direct') as processes`,
  );
  const { usable = 0, processes = 0 } = row ?? {};
  const wanted = Math.max(1, processes) * (poolSize + 1);
  const check = 'database connections';
  const sum = `${Math.max(1, processes)} × (${poolSize} + 1) = ${wanted} of ${usable}`;
  if (wanted <= usable * 0.9) return { check, level: 'ok', detail: sum };
  return {
    check,
    level: wanted > usable ? 'fail' : 'warn',
    detail: `${sum}: lower DATABASE_POOL_SIZE, raise max_connections, or put a pooler in front`,
  };
}

async function tables(connections: Connections): Promise<Finding> {
  const check = 'database tables';
  const { missing, newer } = await schemaState(connections);
  if (missing.length > 0)
    return { check, level: 'fail', detail: `${missing.length} migrations are missing: run holdfast migrate` };
  if (newer.length > 0) return { check, level: 'warn', detail: `of a later release: ${newer.join(', ')}` };
  return { check, level: 'ok', detail: 'of this release' };
}

async function rights(sql: Sql): Promise<Finding> {
  const [row] = await sql.query<{ login: string; superuser: boolean; roles: string[] }>(
    `select session_user as login, r.rolsuper as superuser,
       array(select role from pg_catalog.unnest(array['holdfast_api', 'holdfast_worker']) role
             where pg_catalog.pg_has_role(session_user, role, 'member')) as roles
     from pg_catalog.pg_roles r where r.rolname = session_user`,
  );
  const check = 'database rights';
  const login = row?.login ?? '';
  if (row === undefined || row.roles.length === 0)
    return {
      check,
      level: 'fail',
      detail: `${login} may act neither as holdfast_api nor as holdfast_worker: grant one`,
    };
  if (row.superuser)
    return { check, level: 'warn', detail: `${login} is a superuser. Give API and workers logins of their own.` };
  return { check, level: 'ok', detail: `${login} may act as ${row.roles.join(' and ')}` };
}

async function restored(sql: Sql, configured: string | null): Promise<Finding> {
  const check = 'database restored';
  // Whoever may not act as a role has been told before.
  const [row] = await sql.query<{ may: boolean }>(
    "select pg_catalog.has_table_privilege('holdfast.installation', 'select') as may",
  );
  const [state] =
    row?.may === true
      ? await sql.query<{ frozen: boolean; because: string | null; belongs: string; begun: boolean }>(
          `select frozen_at is not null as frozen, frozen_because as because, coalesce(configured, id::text) as belongs,
             cluster is not null as begun
           from holdfast.installation`,
        )
      : [];
  if (state?.frozen === true)
    return {
      check,
      level: 'fail',
      detail: `it is frozen: nothing begins before holdfast thaw (${state.because ?? ''}). See the runbook on restores.`,
    };
  if (state?.begun === true && configured !== null && configured !== state.belongs)
    return {
      check,
      level: 'warn',
      detail: `INSTALLATION_ID is ${configured}, and the database belongs to ${state.belongs}: the first worker freezes it`,
    };
  const [copies] = await sql.query<{ noticed: boolean | null }>(
    `select pg_catalog.has_function_privilege(
       'holdfast_engine', pg_catalog.to_regprocedure('pg_catalog.pg_control_system()')::oid, 'execute') as noticed`,
  );
  if (copies?.noticed === true)
    return { check, level: 'ok', detail: `it is not frozen, and belongs to ${state?.belongs ?? 'nobody known'}` };
  return {
    check,
    level: 'warn',
    detail:
      'it is not frozen, and a copy on another cluster would not be by itself, since pg_control_system() is refused here: run holdfast freeze after each restore, or set INSTALLATION_ID',
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
