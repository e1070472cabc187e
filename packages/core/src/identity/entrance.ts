import type { TenantScope } from '../tenant-scope.ts';
import type { Member } from './member.ts';
import type { TenantClaim, TokenIdentity } from './token-verifier.ts';

export interface Entered extends TenantScope {
  /** null: the tenant is suspended, and nobody enters it. */
  readonly member: Member | null;
}

export interface EnterOptions {
  /** Makes the tenant, with so many runs at once, when there is none; null = it must be there. */
  readonly slots: number | null;
  /** Only when the tenant is this one (its id); null = any. */
  readonly only: string | null;
  /** Of what is made. */
  readonly ids: { readonly tenant: string; readonly member: string };
}

/** How tokens let into tenants. */
export interface Entrance {
  /**
   * The tenant that the claim means and the bearer's membership in it: made at the first time, seen to the minute.
   * null = there is no such tenant, or one of that name which the issuer does not mean.
   */
  enter(identity: TokenIdentity, claim: TenantClaim, options: EnterOptions): Promise<Entered | null>;
}
