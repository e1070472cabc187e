import { toolServerBody, type ToolServerSpec } from '@holdfast/contracts';
import type {
  ExpectedVersion,
  ListedTool,
  StoredToolServer,
  TenantScope,
  ToolServerDraft,
  ToolServerStore,
  ToolServerSummary,
} from '@holdfast/core';
import type { Scoped } from './tenant-scope.ts';

interface SummaryRow {
  readonly name: string;
  readonly type: ToolServerSpec['type'];
  readonly url: string;
  readonly updated_at: number;
}

interface ServerRow extends SummaryRow {
  readonly spec: string;
  readonly listing: string | null;
  readonly version: number;
}

const columns = 'name, type, url, spec, listing, version, updated_at';

export class PostgresToolServerStore implements ToolServerStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly ToolServerSummary[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<SummaryRow>(
        `select name, type, url, updated_at from holdfast.tool_servers
         where tenant_id = $1 and ($2::text is null or name > $2) order by name limit $3`,
        [scope.tenant, after, limit],
      ),
    );
    return rows.map(({ name, type, url, updated_at }) => ({ name, type, url, updatedAt: updated_at }));
  }

  async get(scope: TenantScope, name: string): Promise<StoredToolServer | null> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<ServerRow>(`select ${columns} from holdfast.tool_servers where tenant_id = $1 and name = $2`, [
        scope.tenant,
        name,
      ]),
    );
    return row === undefined ? null : storedOf(row);
  }

  async put(
    scope: TenantScope,
    { name, spec, url, listing }: ToolServerDraft,
    expected: ExpectedVersion,
  ): Promise<StoredToolServer | null> {
    const values = [
      scope.tenant,
      name,
      spec.type,
      url,
      JSON.stringify(spec),
      listing === null ? null : JSON.stringify(listing),
    ];
    const set = `type = $3, url = $4, spec = $5, listing = $6, updated_at = holdfast.now_ms()`;
    const [row] = await this.#scoped.in(scope, (sql) =>
      expected === null
        ? sql.query<ServerRow>(
            `insert into holdfast.tool_servers as s (tenant_id, name, type, url, spec, listing, version, updated_at)
             values ($1, $2, $3, $4, $5, $6, 1, holdfast.now_ms())
             on conflict (tenant_id, name) do update set ${set}, version = s.version + 1
             returning ${columns}`,
            values,
          )
        : sql.query<ServerRow>(
            `update holdfast.tool_servers set ${set}, version = version + 1
             where tenant_id = $1 and name = $2 and ($7::integer is null or version = $7) returning ${columns}`,
            [...values, expected === 'any' ? null : expected],
          ),
    );
    return row === undefined ? null : storedOf(row);
  }

  delete(scope: TenantScope, name: string, expected: ExpectedVersion): Promise<'deleted' | 'missing' | 'mismatch'> {
    const server = [scope.tenant, name];
    return this.#scoped.in(scope, async (sql) => {
      const [row] = await sql.query<{ version: number }>(
        'select version from holdfast.tool_servers where tenant_id = $1 and name = $2 for update',
        server,
      );
      if (row === undefined) return 'missing';
      if (typeof expected === 'number' && row.version !== expected) return 'mismatch';
      await sql.query('delete from holdfast.tool_servers where tenant_id = $1 and name = $2', server);
      return 'deleted';
    });
  }
}

const storedOf = ({ name, url, spec, listing, version, updated_at }: ServerRow): StoredToolServer => ({
  name,
  url,
  spec: toolServerBody.parse(JSON.parse(spec)),
  // Written by `put` above.
  listing: listing === null ? null : (JSON.parse(listing) as ListedTool[]),
  version,
  updatedAt: updated_at,
});
