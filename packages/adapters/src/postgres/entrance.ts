import type { Entered, EnterOptions, Entrance, TenantClaim, TokenIdentity } from '@holdfast/core';
import { isUuid } from './ids.ts';
import { memberColumns, memberOf, type MemberRow } from './member-rows.ts';
import { type Connections, prepared } from './sql.ts';

/** `id` is that of the member; null in a suspended tenant. */
type EnteredRow = { readonly tenant_id: string } & (MemberRow | { readonly id: null });

export class PostgresEntrance implements Entrance {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async enter(
    { issuer, subject, kind, name, email }: TokenIdentity,
    claim: TenantClaim,
    { slots, only, ids }: EnterOptions,
  ): Promise<Entered | null> {
    if (only !== null && !isUuid(only)) return null;
    const [row] = await this.#connections.lend((sql) =>
      prepared<EnteredRow>(
        sql,
        `select tenant_id, ${memberColumns} from holdfast.enter($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [issuer, subject, kind, name, email, claim.externalId, claim.name, slots, only, ids.tenant, ids.member],
      ),
    );
    if (row === undefined) return null;
    return { tenant: row.tenant_id, member: row.id === null ? null : memberOf(row) };
  }
}
