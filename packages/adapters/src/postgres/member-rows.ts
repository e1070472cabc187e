import type { Role } from '@holdfast/contracts';
import type { Member, MemberRows, MemberSettings, TenantScope } from '@holdfast/core';
import { isUuid } from './ids.ts';
import type { Scoped } from './tenant-scope.ts';

interface MemberRow {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly roles: string;
  readonly disabled_at: number | null;
  readonly created_at: number;
  readonly last_seen_at: number;
}

const columns = 'id, kind, issuer, subject, name, email, roles, disabled_at, created_at, last_seen_at';

export class PostgresMemberRows implements MemberRows {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Member[]> {
    const rows = await this.#scoped.read<MemberRow>(
      scope,
      `select ${columns} from holdfast.members
       where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
      [scope.tenant, after, limit],
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

  lock(
    scope: TenantScope,
    id: string,
    now: number,
  ): Promise<{ readonly member: Member; readonly otherAdmin: boolean } | null> {
    return this.#scoped.in(scope, async (sql) => {
      // All who could be the last admin, so that two who take each other's role come one after the other.
      const rows = await sql.query<MemberRow>(
        `select ${columns} from holdfast.members
         where tenant_id = $1 and (id = $2 or disabled_at is null and roles like '%"admin"%') order by id for update`,
        [scope.tenant, id],
      );
      const member = rows.map(memberOf).find((one) => one.id === id);
      if (member === undefined) return null;
      const [keys] = await sql.query<{ good: boolean }>(
        `select exists (
           select from holdfast.api_keys where tenant_id = $1 and revoked_at is null and roles like '%"admin"%'
             and (expires_at is null or expires_at > $2)) as good`,
        [scope.tenant, now],
      );
      return { member, otherAdmin: rows.length > 1 || keys?.good === true };
    });
  }

  update(
    scope: TenantScope,
    id: string,
    { roles, disabled }: { readonly [K in keyof MemberSettings]: MemberSettings[K] | null },
  ): Promise<Member | null> {
    return this.#scoped.in(scope, async (sql) => {
      const [row] = await sql.query<MemberRow>(
        `update holdfast.members
         set roles = coalesce($3, roles),
             disabled_at = case when $4::boolean is null then disabled_at
               when $4 then coalesce(disabled_at, holdfast.now_ms()) end
         where tenant_id = $1 and id = $2 returning ${columns}`,
        [scope.tenant, id, roles === null ? null : JSON.stringify(roles), disabled],
      );
      return row === undefined ? null : memberOf(row);
    });
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
