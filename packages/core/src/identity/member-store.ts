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

export interface EnterOptions {
  /** Makes the tenant, with so many runs at once, when there is none; null = it must be there. */
  readonly slots: number | null;
  /** Only when the tenant is this one (its id); null = any. */
  readonly only: string | null;
  /** Of what is made. */
  readonly ids: { readonly tenant: string; readonly member: string };
}

export interface MemberStore {
  /**
   * The tenant that the claim means and the bearer's membership in it: made at the first time, seen to the minute.
   * null = there is no such tenant, or one of that name which the issuer does not mean.
   */
  enter(identity: TokenIdentity, claim: TenantClaim, options: EnterOptions): Promise<Entered | null>;
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Member[]>;
  get(scope: TenantScope, id: string): Promise<Member | null>;
  /** Roles that are given here; null = unchanged. `disabled`: tokens of the member no longer let in. */
  update(
    scope: TenantScope,
    id: string,
    change: { readonly roles: readonly Role[] | null; readonly disabled: boolean | null },
  ): Promise<Member | null>;
}
