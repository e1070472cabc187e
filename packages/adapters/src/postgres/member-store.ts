import type { Role } from '@holdfast/contracts';
import type {
  Entered,
  EnterOptions,
  Member,
  MemberStore,
  TenantClaim,
  TenantScope,
  TokenIdentity,
} from '@holdfast/core';
import { isUuid } from './ids.ts';
import { type Connections, prepared } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

interface MemberRow {
  readonly id: string;
  readonly kind: Member['kind'];
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly roles: string;
  readonly disabled_at: number | null;
  readonly created_at: number;
  readonly last_seen_at: number;
}

interface EnteredRow extends MemberRow {
  readonly tenant_id: string;
  readonly suspended_at: number | null;
}

const columns = 'id, kind, issuer, subject, name, email, roles, disabled_at, created_at, last_seen_at';

export class PostgresMemberStore implements MemberStore {
  readonly #scoped: Scoped;
  readonly #connections: Connections;

  constructor(scoped: Scoped, connections: Connections) {
    this.#scoped = scoped;
    this.#connections = connections;
  }

  async enter(
    identity: TokenIdentity,
    claim: TenantClaim,
    { slots, only, ids }: EnterOptions,
  ): Promise<Entered | null> {
    const { issuer, subject, kind, name, email } = identity;
    if (only !== null && !isUuid(only)) return null;
    const [row] = await this.#connections.lend((sql) =>
      prepared<EnteredRow>(
        sql,
        `select tenant_id, suspended_at, ${columns} from holdfast.enter($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [issuer, subject, kind, name, email, claim.externalId, claim.name, slots, only, ids.tenant, ids.member],
      ),
    );
    return row === undefined ? null : { tenant: row.tenant_id, suspendedAt: row.suspended_at, member: memberOf(row) };
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Member[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<MemberRow>(
        `select ${columns} from holdfast.members
         where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
        [scope.tenant, after, limit],
      ),
    );
    return rows.map(memberOf);
  }

  async get(scope: TenantScope, id: string): Promise<Member | null> {
    if (!isUuid(id)) return null;
    const [row] = await this.#scoped.read<MemberRow>(
      scope,
      `select ${columns} from holdfast.members where tenant_id = $1 and id = $2`,
      [scope.tenant, id],
    );
    return row === undefined ? null : memberOf(row);
  }

  async update(
    scope: TenantScope,
    id: string,
    { roles, disabled }: { readonly roles: readonly Role[] | null; readonly disabled: boolean | null },
  ): Promise<Member | null> {
    if (!isUuid(id)) return null;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<MemberRow>(
        `update holdfast.members
         set roles = coalesce($3::text, roles),
             disabled_at = case when $4::boolean then coalesce(disabled_at, holdfast.now_ms())
                                when not $4::boolean then null else disabled_at end
         where tenant_id = $1 and id = $2 returning ${columns}`,
        [scope.tenant, id, roles === null ? null : JSON.stringify(roles), disabled],
      ),
    );
    return row === undefined ? null : memberOf(row);
  }
}

const memberOf = (row: MemberRow): Member => ({
  id: row.id,
  kind: row.kind,
  issuer: row.issuer,
  subject: row.subject,
  name: row.name,
  email: row.email,
  roles: JSON.parse(row.roles) as Role[],
  disabledAt: row.disabled_at,
  createdAt: row.created_at,
  lastSeenAt: row.last_seen_at,
});
