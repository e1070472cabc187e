import { randomUUID } from 'node:crypto';
import type { Actor } from '@holdfast/contracts';
import { newRun, newTenant, appendTo, projectionOf } from '@holdfast/testing';
import { newBulk, plainRun, type RunRef } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenedStores } from './open-stores.suite.ts';
import type { Sql } from './sql.ts';

const tables = [
  'agents',
  'aliases',
  'api_keys',
  'artifacts',
  'attention',
  'audit',
  'audit_heads',
  'bulk_operations',
  'due',
  'idempotency_keys',
  'run_events',
  'run_tags',
  'runs',
  'secrets',
  'snapshots',
  'tenants',
  'threads',
  'tool_servers',
  'usage_of_deleted',
  'versions',
];
/** What a login may read at all, inside a tenant. */
const readable = {
  holdfast_api: tables.filter((table) => table !== 'due'),
  holdfast_worker: [
    'agents',
    'aliases',
    'artifacts',
    'bulk_operations',
    'run_events',
    'run_tags',
    'runs',
    'secrets',
    'snapshots',
    'threads',
    'tool_servers',
    'versions',
  ],
};
type Login = keyof typeof readable;
const logins = Object.keys(readable) as Login[];

const both = ['holdfast_api', 'holdfast_worker'] as const;
/** The closed list: who may call each definer function. */
const functions: Record<string, readonly Login[]> = {
  append: ['holdfast_worker'],
  append_in_scope: both,
  clean_bulk: ['holdfast_worker'],
  clean_idempotency_keys: ['holdfast_worker'],
  create_bulk: ['holdfast_api'],
  create_run: ['holdfast_api'],
  dead_workers: ['holdfast_worker'],
  delete_expired: ['holdfast_worker'],
  delete_run: ['holdfast_api'],
  delete_thread: ['holdfast_api'],
  finish_outbox: ['holdfast_worker'],
  fork_run: both,
  join_thread: ['holdfast_api'],
  leave_worker: ['holdfast_worker'],
  lock_bulk: both,
  lock_run: both,
  moved_heads: ['holdfast_worker'],
  next_due: ['holdfast_worker'],
  pick: ['holdfast_worker'],
  pick_outbox: ['holdfast_worker'],
  postpone_outbox: ['holdfast_worker'],
  register_worker: ['holdfast_worker'],
  renew_lease: ['holdfast_worker'],
  run_heads: ['holdfast_api'],
  save_bulk: both,
  save_snapshot: ['holdfast_worker'],
  set_retention: ['holdfast_api'],
  write_audit: ['holdfast_api'],
};

/** The closed list: what each role may do with tables. */
const grants = {
  holdfast_api: {
    ...Object.fromEntries(readable.holdfast_api.map((table) => [table, 'SELECT'])),
    ...Object.fromEntries(['installation', 'migrations'].map((table) => [table, 'SELECT'])),
    agents: 'INSERT,SELECT,UPDATE',
    aliases: 'DELETE,INSERT,SELECT',
    api_keys: 'INSERT,SELECT',
    idempotency_keys: 'INSERT,SELECT,UPDATE',
    secrets: 'INSERT,SELECT,UPDATE',
    threads: 'INSERT,SELECT',
    tool_servers: 'DELETE,INSERT,SELECT,UPDATE',
    versions: 'INSERT,SELECT',
  },
  holdfast_worker: Object.fromEntries(
    [...readable.holdfast_worker, 'installation', 'migrations'].map((table) => [table, 'SELECT']),
  ),
  holdfast_engine: {
    artifacts: 'DELETE,INSERT,SELECT,UPDATE',
    attention: 'DELETE,INSERT,SELECT,UPDATE',
    audit: 'INSERT',
    audit_heads: 'INSERT,SELECT,UPDATE',
    bulk_operations: 'DELETE,INSERT,SELECT,UPDATE',
    due: 'DELETE,INSERT,SELECT,UPDATE',
    idempotency_keys: 'DELETE,SELECT',
    run_events: 'DELETE,INSERT,SELECT',
    run_tags: 'DELETE,INSERT,SELECT',
    runs: 'DELETE,INSERT,SELECT,UPDATE',
    server_life: 'INSERT,SELECT',
    snapshots: 'DELETE,INSERT,SELECT,UPDATE',
    tenants: 'SELECT,UPDATE',
    threads: 'DELETE,INSERT,SELECT,UPDATE',
    turn: 'SELECT,UPDATE',
    usage_of_deleted: 'INSERT,SELECT,UPDATE',
    workers: 'DELETE,INSERT,SELECT,UPDATE',
  },
};

/** The wall between tenants, seen from SQL with each login's rights, and the catalog that makes it. */
export function describeSecurity(name: string, open: () => Promise<OpenedStores>): void {
  describe(`security: ${name}`, () => {
    let stores: OpenedStores;
    let mine: RunRef;
    let theirs: RunRef;
    beforeAll(async () => {
      stores = await open();
      mine = await full(stores);
      theirs = await full(stores);
    });
    afterAll(() => stores.close());

    /** As that login, in that tenant's scope or in none; taken back afterwards. */
    const as = <T>(role: string, tenant: string | null, work: (sql: Sql) => Promise<T>): Promise<T> =>
      stores.database.connections.lend(async (sql) => {
        await sql.query(`begin; set local role ${role}`);
        if (tenant !== null) await sql.query("select pg_catalog.set_config('hf.tenant', $1, true)", [tenant]);
        try {
          return await work(sql);
        } finally {
          await sql.query('rollback');
        }
      });
    const count = async (sql: Sql, table: string, tenant?: string): Promise<number> => {
      const column = table === 'tenants' ? 'id' : 'tenant_id';
      const where = tenant === undefined ? '' : ` where ${column} = '${tenant}'`;
      const [row] = await sql.query<{ count: number }>(`select count(*)::int as count from holdfast.${table}${where}`);
      return row?.count ?? -1;
    };
    const rows = (text: string): Promise<readonly Record<string, unknown>[]> =>
      stores.database.connections.lend((sql) => sql.query(text));

    describe.each(logins)('%s', (login) => {
      test.each(readable[login])('sees its tenant in %s, and nobody else', async (table) => {
        expect(await as(login, mine.tenant, (sql) => count(sql, table))).toBeGreaterThan(0);
        expect(await as(login, mine.tenant, (sql) => count(sql, table, theirs.tenant))).toBe(0);
        expect(await as(login, randomUUID(), (sql) => count(sql, table))).toBe(0);
        expect(await as(login, null, (sql) => count(sql, table))).toBe(0);
        expect(await as(login, '', (sql) => count(sql, table))).toBe(0);
      });

      test.each(tables.filter((table) => !readable[login].includes(table)).concat('workers', 'turn'))(
        'may not read %s',
        async (table) => {
          await expect(as(login, mine.tenant, (sql) => count(sql, table))).rejects.toMatchObject({ code: '42501' });
        },
      );

      test.each([
        `insert into holdfast.run_events (run_id, seq, tenant_id, type, format, at, payload) values ('RUN', 99, 'TENANT', 'x', 1, 1, '{}')`,
        `update holdfast.run_events set payload = '{}'`,
        `delete from holdfast.run_events`,
        `truncate holdfast.run_events`,
        `update holdfast.runs set head = 1`,
        `delete from holdfast.runs`,
        `insert into holdfast.due (kind, subject, tenant_id, at) values ('run', 'RUN', 'TENANT', 1)`,
        `update holdfast.attention set role = null`,
        `delete from holdfast.attention`,
        `update holdfast.api_keys set roles = '["admin"]'`,
        `update holdfast.api_keys set name = 'x'`,
        `delete from holdfast.api_keys`,
        `update holdfast.tenants set slots = 1000`,
        `update holdfast.versions set body = '{}'`,
        `delete from holdfast.versions`,
        `delete from holdfast.idempotency_keys`,
        `delete from holdfast.threads`,
        `update holdfast.tenants set retention_days = 1`,
        `insert into holdfast.usage_of_deleted values ('TENANT', 1, 'x', 1, 1, 1)`,
        `delete from holdfast.usage_of_deleted`,
        `delete from holdfast.secrets`,
        `insert into holdfast.audit (tenant_id, number, at, operation, line, hash) values ('TENANT', 9, 1, 'x', '{}', '')`,
        `update holdfast.audit set line = '{}'`,
        `delete from holdfast.audit`,
        `update holdfast.audit_heads set number = 0`,
        `create table holdfast.mine (a int)`,
        `select * from holdfast.is_dead('x')`,
      ])('is refused: %s', async (text) => {
        const statement = text.replace('RUN', mine.run).replace('TENANT', mine.tenant);
        await expect(as(login, mine.tenant, (sql) => sql.query(statement))).rejects.toMatchObject({ code: '42501' });
      });

      test('calls its own functions only', async () => {
        const callable = await rows(`
          select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where n.nspname = 'holdfast' and pg_catalog.has_function_privilege('${login}', p.oid, 'execute')
          order by p.proname`);
        const own = Object.keys(functions).filter((fn) => functions[fn]?.includes(login));
        expect(callable.map((row) => row['name'])).toEqual([...own, 'now_ms'].toSorted());
      });
    });

    test('the API writes agents and keys into its own tenant only', async () => {
      const agent = (tenant: string): string =>
        `insert into holdfast.agents (tenant_id, name) values ('${tenant}', 'x') returning name`;
      expect(await as('holdfast_api', mine.tenant, (sql) => sql.query(agent(mine.tenant)))).toHaveLength(1);
      await expect(as('holdfast_api', mine.tenant, (sql) => sql.query(agent(theirs.tenant)))).rejects.toMatchObject({
        code: '42501',
      });
      await expect(as('holdfast_api', null, (sql) => sql.query(agent(mine.tenant)))).rejects.toMatchObject({
        code: '42501',
      });
    });

    test('an audit line stays within the scope', async () => {
      const write = `select holdfast.write_audit('x', '{}')`;
      for (const tenant of [null, ''])
        await expect(as('holdfast_api', tenant, (sql) => sql.query(write))).rejects.toMatchObject({ code: '42501' });
      const written = await as('holdfast_api', mine.tenant, async (sql) => {
        await sql.query(write);
        return sql.query('select distinct tenant_id from holdfast.audit');
      });
      expect(written).toEqual([{ tenant_id: mine.tenant }]);
    });

    test.each(logins)('append, fork and lock of %s stay within the scope, whatever they are told', async (login) => {
      const append = `select * from holdfast.append_in_scope('${theirs.tenant}', '${theirs.run}', '${randomUUID()}', 2,
        'running', '[]', null, '{x}', '{1}', '{1}', '{NULL}', '{NULL}', '{NULL}', '{}', null)`;
      for (const tenant of [mine.tenant, null]) {
        const [refusal] = await as(login, tenant, (sql) => sql.query(append));
        expect(refusal).toMatchObject({ outcome: 'missing' });
      }
      const fork = (tenant: string): string =>
        `select holdfast.fork_run('${tenant}', '${theirs.run}', 2, 1, '${randomUUID()}', 'a', '${randomUUID()}', 1, null, '{}', 1)`;
      await expect(as(login, mine.tenant, (sql) => sql.query(fork(theirs.tenant)))).rejects.toMatchObject({
        code: '42501',
      });
      expect(await as(login, mine.tenant, (sql) => sql.query(fork(mine.tenant)))).toEqual([{ fork_run: false }]);
      expect(
        await as(login, mine.tenant, (sql) => sql.query(`select * from holdfast.lock_run('${theirs.run}')`)),
      ).toEqual([]);
    });

    test('the API creates runs in its scope only', async () => {
      const create = `select holdfast.create_run('${theirs.tenant}', '${randomUUID()}', 'a', '${randomUUID()}', 1, null, '{}',
        '${randomUUID()}', 'queued', '[]', null, '{x}', '{1}', '{1}', '{NULL}', '{NULL}', '{NULL}', '{}', null)`;
      await expect(as('holdfast_api', mine.tenant, (sql) => sql.query(create))).rejects.toMatchObject({
        code: '42501',
      });
    });

    test('bulk operations stay within the scope', async () => {
      const create = `select holdfast.create_bulk('${randomUUID()}', '{}', '{}', '{}', 'counting', '{}', '[]', 1)`;
      for (const tenant of [null, ''])
        await expect(as('holdfast_api', tenant, (sql) => sql.query(create))).rejects.toMatchObject({ code: '42501' });
      const [of] = await rows(`select id from holdfast.bulk_operations where tenant_id = '${theirs.tenant}'`);
      const save = `select holdfast.save_bulk('${String(of?.['id'])}', 'done', null, 0, 0, '{}', 0, '[]', 2, 2)`;
      for (const login of logins) {
        const lock = `select holdfast.lock_bulk('${String(of?.['id'])}') as found`;
        expect(await as(login, mine.tenant, (sql) => sql.query(lock))).toEqual([{ found: false }]);
        expect(await as(login, theirs.tenant, (sql) => sql.query(lock))).toEqual([{ found: true }]);
        const saved = (tenant: string) =>
          as(login, tenant, async (sql) => {
            await sql.query(save);
            await sql.query(`select pg_catalog.set_config('hf.tenant', '${theirs.tenant}', true)`);
            return sql.query('select phase from holdfast.bulk_operations');
          });
        expect(await saved(mine.tenant)).toEqual([{ phase: 'counting' }]);
        expect(await saved(theirs.tenant)).toEqual([{ phase: 'done' }]);
      }
    });

    test('deletion and retention stay within the scope, whatever they are told', async () => {
      const ended = await newRun(stores, { tenant: theirs.tenant });
      await stores.api.runs.append(appendTo(ended, 1, { projection: projectionOf({ status: 'failed' }) }));
      const [thread] = await rows(`select id from holdfast.threads where tenant_id = '${theirs.tenant}'`);
      for (const tenant of [mine.tenant, null, ''])
        for (const call of [`delete_run('${ended.run}')`, `delete_thread('${String(thread?.['id'])}')`])
          expect(await as('holdfast_api', tenant, (sql) => sql.query(`select * from holdfast.${call}`))).toMatchObject([
            { outcome: 'missing' },
          ]);
      for (const tenant of [null, '', randomUUID()])
        await expect(
          as('holdfast_api', tenant, (sql) => sql.query('select holdfast.set_retention(1)')),
        ).rejects.toMatchObject({ code: '42501' });
      await stores.api.retention.set(theirs, 1);
      const expired = 'select * from holdfast.delete_expired(10, 10)';
      for (const tenant of [mine.tenant, null, ''])
        expect(await as('holdfast_worker', tenant, (sql) => sql.query(expired))).toEqual([]);
      expect(await as('holdfast_worker', theirs.tenant, (sql) => sql.query(expired))).toContainEqual(
        expect.objectContaining({ run_id: ended.run }),
      );
      await stores.api.retention.set(theirs, null);
    });

    test('the owner of the tables sees tenants, and their rows only inside a tenant', async () => {
      expect(await as('holdfast_owner', null, (sql) => count(sql, 'tenants'))).toBeGreaterThan(1);
      for (const table of tables.filter((one) => one !== 'tenants')) {
        expect(await as('holdfast_owner', null, (sql) => count(sql, table))).toBe(0);
      }
    });

    test('every table with a tenant has forced row-level security', async () => {
      const found = await rows(`
        select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'holdfast' and c.relkind in ('r', 'p') and (c.relname = 'tenants' or exists (
          select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
        order by c.relname`);
      expect(found).toEqual(tables.map((table) => ({ name: table, forced: true })));
    });

    test('there are these policies and no others', async () => {
      const found = await rows(`
        select tablename, policyname, qual,
          (select string_agg(role, ',' order by role) from unnest(roles::text[]) role) as roles
        from pg_policies where schemaname = 'holdfast' order by tablename, policyname`);
      const engine = [
        'artifacts',
        'attention',
        'audit',
        'audit_heads',
        'bulk_operations',
        'due',
        'idempotency_keys',
        'run_events',
        'run_tags',
        'runs',
        'snapshots',
        'tenants',
        'threads',
        'usage_of_deleted',
      ];
      const of = (policy: string): unknown[] =>
        found.filter((row) => row['policyname'] === policy).map((row) => row['tablename']);
      expect(of('tenant')).toEqual(tables);
      expect(of('engine')).toEqual(engine);
      expect(of('owner')).toEqual(['tenants']);
      expect(found).toHaveLength(tables.length + engine.length + 1);
      const kinds = found.map(({ policyname, roles, qual }) => {
        const text = String(qual);
        const scoped = /^\((tenant_id|id) = \( SELECT \(NULLIF\(current_setting\('hf\.tenant'/.test(text);
        return `${String(policyname)} for ${String(roles)}: ${scoped ? 'scope' : text}`;
      });
      expect([...new Set(kinds)].toSorted()).toEqual([
        'engine for holdfast_engine: true',
        'owner for holdfast_owner: true',
        'tenant for holdfast_api,holdfast_owner,holdfast_worker: scope',
        'tenant for holdfast_api,holdfast_worker: scope',
      ]);
    });

    test('there are these definer functions and no others', async () => {
      const found = await rows(`
        select p.proname as name, pg_get_userbyid(p.proowner) as owner, array_to_string(p.proconfig, ';') as config, l.lanname
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
        where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema') order by p.proname`);
      expect(found.map((row) => row['name'])).toEqual(Object.keys(functions).toSorted());
      for (const { owner, config, lanname } of found) {
        expect([owner, lanname]).toEqual(['holdfast_engine', 'plpgsql']);
        expect(config).toMatch(/^search_path=""/);
      }
    });

    test('nobody bypasses the policies, and logins own nothing', async () => {
      const roles = await rows(`
        select rolname from pg_roles
        where rolname like 'holdfast%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`);
      expect(roles).toEqual([]);
      const owned = await rows(`
        select c.relname from pg_class c where pg_get_userbyid(c.relowner) in ('holdfast_api', 'holdfast_worker')
        union all
        select p.proname from pg_proc p where pg_get_userbyid(p.proowner) in ('holdfast_api', 'holdfast_worker')`);
      expect(owned).toEqual([]);
      const members = await rows(`
        select pg_get_userbyid(roleid) as role, pg_get_userbyid(member) as member from pg_auth_members
        where pg_get_userbyid(member) in ('holdfast_api', 'holdfast_worker', 'holdfast_engine')`);
      expect(members).toEqual([]);
      const creating = await rows(`
        select r.rolname from pg_roles r where r.rolname in ('holdfast_api', 'holdfast_worker', 'holdfast_engine')
        and pg_catalog.has_schema_privilege(r.oid, 'holdfast', 'create')`);
      expect(creating).toEqual([]);
    });

    test.each(Object.entries(grants))('%s may do this with tables and no more', async (role, expected) => {
      const found = await rows(`
        select c.relname as name, string_agg(a.privilege_type, ',' order by a.privilege_type) as privileges
        from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
        where n.nspname = 'holdfast' and pg_get_userbyid(a.grantee) = '${role}'
        group by c.relname`);
      expect(Object.fromEntries(found.map((row) => [row['name'], row['privileges']]))).toEqual(expected);
    });

    test('there are these grants of columns and no others', async () => {
      const found = await rows(`
        select c.relname as name, a.attname as column, pg_get_userbyid(p.grantee) as role, p.privilege_type as privilege
        from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid,
          aclexplode(a.attacl) p
        where n.nspname = 'holdfast' order by c.relname, a.attname`);
      const columns = ['expires_at', 'last_used_at', 'previous_hash', 'previous_until', 'revoked_at', 'secret_hash'];
      const grant = { name: 'api_keys', role: 'holdfast_api', privilege: 'UPDATE' };
      expect(found).toEqual(columns.map((column) => ({ ...grant, column })));
    });

    test('nothing is granted to everybody', async () => {
      const granted = await rows(`
        select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
        where n.nspname = 'holdfast' and a.grantee = 0
        union all
        select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace,
          aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        where n.nspname = 'holdfast' and a.grantee = 0`);
      expect(granted).toEqual([]);
    });
  });
}

/** A tenant with a row in every table. */
async function full(stores: OpenedStores): Promise<RunRef> {
  const scope = await newTenant(stores);
  const run = await newRun(stores, scope, { attributes: { ...plainRun, tags: ['a'] } });
  const projection = projectionOf({
    status: 'waiting',
    dueAt: stores.clock.now(),
    attention: {
      opened: [{ ref: 'a', kind: 'limit', call: null, role: null, since: 1, until: null, detail: '{}' }],
      closed: [],
    },
    artifacts: [{ digest: 'aa', name: null, mediaType: 'text/plain', size: 1 }],
  });
  await stores.api.runs.append(appendTo(run, 1, { projection }));
  await stores.api.agents.setAlias(scope, 'librarian', 'prod', [{ version: 1, weight: 1 }]);
  await stores.database.connections.lend((sql) =>
    sql.query(`insert into holdfast.threads (tenant_id, id, metadata, created_at)
      values ('${scope.tenant}', '${randomUUID()}', '{}', 1)`),
  );
  await stores.api.secrets.put(scope, 'token', null, () => ({ keyId: 'k', nonce: 'n', ciphertext: 'c' }));
  const by: Actor = { type: 'system', id: 'test', roles: [] };
  const entry = { operation: 'x', target: '/', by, requestId: 'r', detail: {} };
  await stores.api.transactions.run(scope, ({ audit }) => audit.write(scope, entry));
  const spec = { type: 'mcp', url: 'https://mcp.test', headers: {} } as const;
  await stores.api.toolServers.put(scope, { name: 'crm', url: spec.url, spec, listing: null }, null);
  const request = { key: 'k', principal: 'p', route: 'r', bodyHash: 'h' };
  await stores.api.transactions.once(scope, request, async () => ({ status: 200, body: '{}' }));
  const asked = { id: randomUUID(), work: { type: 'cancel' }, filter: { agent: 'none' } } as const;
  await stores.api.transactions.run(scope, ({ bulk }) => bulk.create(scope, newBulk({ ...asked, by }, 1)));
  const worker = await stores.worker('me');
  await worker.runs.saveSnapshot(run, { seq: 1, format: 'x', body: '{}' });
  const gone = await newRun(stores, scope);
  await stores.api.runs.append(appendTo(gone, 1, { projection: projectionOf({ status: 'failed' }) }));
  await stores.api.directory.delete(gone);
  return run;
}
