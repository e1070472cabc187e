import type { Role } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';
import type { TenantClaim, TokenIdentity } from './token-verifier.ts';

/** A person or a service in a tenant. Times are ms since 1970. */
export interface Member {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  /** Given here, beside those that tokens bring. */
  readonly roles: readonly Role[];
  readonly disabledAt: number | null;
  readonly createdAt: number;
  /** To the minute. */
  readonly lastSeenAt: number;
}

export interface Entered extends TenantScope {
  readonly member: Member;
  /** ms since 1970; null = the tenant is not suspended. */
  readonly suspendedAt: number | null;
}

export interface MemberStore {
  /**
   * The tenant that the claim means and the bearer's membership in it: made at the first time, seen to the minute.
   * `provision`: makes the tenant, too, when there is none. null = there is no such tenant.
   */
  enter(identity: TokenIdentity, claim: TenantClaim, provision: boolean): Promise<Entered | null>;
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Member[]>;
  get(scope: TenantScope, id: string): Promise<Member | null>;
  /** Roles that are given here; null = unchanged. `disabled`: tokens of the member no longer let in. */
  update(
    scope: TenantScope,
    id: string,
    change: { readonly roles: readonly Role[] | null; readonly disabled: boolean | null },
  ): Promise<Member | null>;
}
