import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functions, grants, logins, tables, tablesOfInstallation } from './database-rights.suite.ts';
import type { OpenedStores } from './open-stores.suite.ts';

/** What the catalog must say for the wall between tenants to hold: owners, policies, functions and grants. */
export function describeCatalog(name: string, open: () => Promise<OpenedStores>): void {
  describe(`catalog: ${name}`, () => {
    let stores: OpenedStores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const rows = (text: string): Promise<readonly Record<string, unknown>[]> =>
      stores.database.connections.lend((sql) => sql.query(text));

    test.each(logins)('%s calls its own functions only', async (login) => {
      const callable = await rows(`
        select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'holdfast' and pg_catalog.has_function_privilege('${login}', p.oid, 'execute')
        order by p.proname`);
      const own = Object.keys(functions).filter((fn) => functions[fn]?.includes(login));
      expect(callable.map((row) => row['name'])).toEqual([...own, 'now_ms', 'window_of'].toSorted());
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

    test('every table is known: it has rows of tenants, or belongs to the installation', async () => {
      const found = await rows(`
        select c.relname as name from pg_class c
        where c.relnamespace = 'holdfast'::regnamespace and c.relkind not in ('i', 'I', 'S', 't', 'c') order by c.relname`);
      expect(found.map(({ name }) => name)).toEqual([...tables, ...tablesOfInstallation].toSorted());
    });

    test('there are these policies and no others', async () => {
      const found = await rows(`
        select tablename, policyname, qual,
          (select string_agg(role, ',' order by role) from unnest(roles::text[]) role) as roles
        from pg_policies where schemaname = 'holdfast' order by tablename, policyname`);
      const of = (policy: string): unknown[] =>
        found.filter((row) => row['policyname'] === policy).map((row) => row['tablename']);
      expect(of('tenant')).toEqual(tables);
      // Sessions belong to no tenant: nobody but the engine's functions reads them.
      expect(of('engine')).toEqual([...tables, 'sessions'].toSorted());
      expect(of('owner')).toEqual(['tenants']);
      expect(found).toHaveLength(2 * tables.length + 2);
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

    test('the architecture names each of these functions, once', () => {
      const page = readFileSync(new URL('../../../../docs/architecture.md', import.meta.url), 'utf8');
      const table = page.slice(page.indexOf("## The database's functions"));
      const named = [...table.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell = '']) =>
        [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
      );
      expect(named.toSorted()).toEqual(Object.keys(functions).toSorted());
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
      const columns = {
        api_keys: ['expires_at', 'last_used_at', 'previous_hash', 'previous_until', 'revoked_at', 'secret_hash'],
        members: ['disabled_at', 'roles'],
      };
      const grant = { role: 'holdfast_api', privilege: 'UPDATE' };
      expect(found).toEqual(
        Object.entries(columns).flatMap(([name, names]) => names.map((column) => ({ ...grant, name, column }))),
      );
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
