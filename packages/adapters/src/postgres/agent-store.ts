import type { AgentVersion, AliasTarget, JsonObject } from '@holdfast/contracts';
import {
  type AgentStore,
  type AgentSummary,
  LeastRecentlyUsed,
  type PermitsChange,
  type TenantScope,
  type VersionDraft,
  type VersionRow as VersionListRow,
} from '@holdfast/core';
import { arrayLiteral } from './array-literal.ts';
import { isUuid } from './ids.ts';
import type { Sql } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

interface AgentRow {
  readonly name: string;
  readonly latest: number;
  readonly created_at: number;
  readonly description: string;
  readonly aliases: Record<string, AliasTarget[]>;
}

interface VersionRow {
  readonly body: string;
  readonly spec: string;
  readonly hash: string;
}

const VERSIONS_KEPT = 500;

const agentSql = `
  select a.name, a.latest, a.created_at, a.description,
    coalesce((
      select json_object_agg(l.alias, l.targets)
      from (
        select alias, json_agg(json_build_object('version', number, 'weight', weight) order by number) as targets
        from holdfast.aliases where tenant_id = a.tenant_id and agent = a.name group by alias
      ) l
    ), '{}') as aliases
  from holdfast.agents a
  where a.tenant_id = $1 and a.latest > 0`;
const versionSql = `
  select body, spec, hash from holdfast.versions where tenant_id = $1 and agent = $2 and number = $3`;

export class PostgresAgentStore implements AgentStore {
  readonly #scoped: Scoped;
  /** They never change. */
  readonly #versions = new LeastRecentlyUsed<{ version: AgentVersion; spec: JsonObject }>(VERSIONS_KEPT);

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  publish(
    scope: TenantScope,
    draft: VersionDraft,
    spec: JsonObject,
    hash: string,
  ): Promise<{ version: AgentVersion; created: boolean }> {
    return this.#scoped.in(scope, async (sql) => {
      const agent = [scope.tenant, draft.agent];
      await sql.query('insert into holdfast.agents (tenant_id, name) values ($1, $2) on conflict do nothing', agent);
      // The agent's row orders its versions.
      const [row] = await sql.query<{ latest: number }>(
        'select latest from holdfast.agents where tenant_id = $1 and name = $2 for update',
        agent,
      );
      const latest = row?.latest ?? 0;
      const newest = await readVersion(sql, scope, draft.agent, latest);
      if (newest?.hash === hash) return { version: versionOf(newest), created: false };
      const version: AgentVersion = { ...draft, number: latest + 1 };
      await sql.query(
        `insert into holdfast.versions (id, tenant_id, agent, number, body, spec, hash)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [draft.id, ...agent, version.number, JSON.stringify(version), JSON.stringify(spec), hash],
      );
      await sql.query('update holdfast.agents set latest = $3, description = $4 where tenant_id = $1 and name = $2', [
        ...agent,
        version.number,
        version.description,
      ]);
      return { version, created: true };
    });
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly AgentSummary[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<AgentRow>(`${agentSql} and ($2::text is null or a.name > $2) order by a.name limit $3`, [
        scope.tenant,
        after,
        limit,
      ]),
    );
    return rows.map(summaryOf);
  }

  async get(scope: TenantScope, agent: string): Promise<AgentSummary | null> {
    const [row] = await this.#scoped.read<AgentRow>(scope, `${agentSql} and a.name = $2`, [scope.tenant, agent]);
    return row === undefined ? null : summaryOf(row);
  }

  async versionById(scope: TenantScope, id: string): Promise<AgentVersion | null> {
    if (!isUuid(id)) return null;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<VersionRow>('select body, spec, hash from holdfast.versions where tenant_id = $1 and id = $2', [
        scope.tenant,
        id,
      ]),
    );
    return row === undefined ? null : versionOf(row);
  }

  async version(
    scope: TenantScope,
    agent: string,
    number: number,
  ): Promise<{ version: AgentVersion; spec: JsonObject } | null> {
    const key = `${scope.tenant} ${agent} ${number}`;
    const known = this.#versions.get(key);
    if (known !== undefined) return known;
    const [row] = await this.#scoped.read<VersionRow>(scope, versionSql, [scope.tenant, agent, number]);
    if (row === undefined) return null;
    const read = { version: versionOf(row), spec: JSON.parse(row.spec) as JsonObject };
    this.#versions.set(key, read);
    return read;
  }

  async versions(
    scope: TenantScope,
    agent: string,
    before: number | null,
    limit: number,
  ): Promise<readonly VersionListRow[]> {
    return this.#scoped.in(scope, (sql) =>
      sql.query<VersionListRow>(
        `select id, number, created_at as "createdAt" from holdfast.versions
         where tenant_id = $1 and agent = $2 and ($3::integer is null or number < $3) order by number desc limit $4`,
        [scope.tenant, agent, before, limit],
      ),
    );
  }

  setAlias(
    scope: TenantScope,
    agent: string,
    alias: string,
    targets: readonly AliasTarget[],
    permits: PermitsChange = () => true,
  ): Promise<'set' | 'no-version' | 'stale'> {
    const numbers = targets.map(({ version }) => version);
    return this.#scoped.in(scope, async (sql) => {
      if (!permits(await lockAlias(sql, scope, agent, alias))) return 'stale';
      const known = await sql.query(
        'select from holdfast.versions where tenant_id = $1 and agent = $2 and number = any ($3)',
        [scope.tenant, agent, arrayLiteral(numbers)],
      );
      if (known.length !== new Set(numbers).size) return 'no-version';
      await removeAlias(sql, scope, agent, alias);
      await sql.query(
        `insert into holdfast.aliases (tenant_id, agent, alias, number, weight)
         select $1, $2, $3, t.number, t.weight from unnest($4::integer[], $5::integer[]) as t (number, weight)`,
        [scope.tenant, agent, alias, arrayLiteral(numbers), arrayLiteral(targets.map(({ weight }) => weight))],
      );
      return 'set';
    });
  }

  deleteAlias(
    scope: TenantScope,
    agent: string,
    alias: string,
    permits: PermitsChange = () => true,
  ): Promise<'deleted' | 'missing' | 'stale'> {
    return this.#scoped.in(scope, async (sql) => {
      const current = await lockAlias(sql, scope, agent, alias);
      if (!permits(current)) return 'stale';
      if (current === null) return 'missing';
      await removeAlias(sql, scope, agent, alias);
      return 'deleted';
    });
  }
}

/** What the alias stands for, null when there is none. The agent's row orders those who move its aliases. */
async function lockAlias(
  sql: Sql,
  scope: TenantScope,
  agent: string,
  alias: string,
): Promise<readonly AliasTarget[] | null> {
  await sql.query('select from holdfast.agents where tenant_id = $1 and name = $2 for update', [scope.tenant, agent]);
  const rows = await sql.query<AliasTarget>(
    `select number as version, weight from holdfast.aliases
     where tenant_id = $1 and agent = $2 and alias = $3 order by number`,
    [scope.tenant, agent, alias],
  );
  return rows.length === 0 ? null : rows;
}

async function removeAlias(sql: Sql, scope: TenantScope, agent: string, alias: string): Promise<void> {
  await sql.query('delete from holdfast.aliases where tenant_id = $1 and agent = $2 and alias = $3', [
    scope.tenant,
    agent,
    alias,
  ]);
}

const readVersion = async (
  sql: Sql,
  scope: TenantScope,
  agent: string,
  number: number,
): Promise<VersionRow | undefined> => (await sql.query<VersionRow>(versionSql, [scope.tenant, agent, number]))[0];

/** What publish wrote, read back as it was. */
const versionOf = (row: VersionRow): AgentVersion => JSON.parse(row.body) as AgentVersion;

const summaryOf = (row: AgentRow): AgentSummary => ({
  name: row.name,
  latest: row.latest,
  description: row.description,
  aliases: row.aliases,
  createdAt: row.created_at,
});
