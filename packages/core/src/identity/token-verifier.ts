import type { Role } from '@holdfast/contracts';

/** Checks tokens that an OIDC issuer has signed. */
export interface TokenVerifier {
  /**
   * Signature, issuer, audience, times, algorithm, and that it is an access token; then reads its claims.
   * @throws TokenRefused; `IssuerUnavailable` when the issuer's keys cannot be had.
   */
  verify(token: string): Promise<TokenIdentity>;
}

/** What a good token says. */
export interface TokenIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly kind: 'person' | 'service';
  /** For people to read; null = the token does not say. */
  readonly name: string | null;
  readonly email: string | null;
  /** Of which the bearer is a member; from the configured claims. */
  readonly tenants: readonly TenantClaim[];
  /** May make and suspend tenants. */
  readonly platformAdmin: boolean;
  /** The session at the issuer (`sid`); null = none. */
  readonly session: string | null;
  /** ms since 1970 */
  readonly expiresAt: number;
}

export interface TenantClaim {
  /** What the issuer calls it for ever; null = it has nothing but a name. */
  readonly externalId: string | null;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** `reason` is for the audit and the log: whoever sends a bad token is told nothing. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly reason: string;

  constructor(reason: string) {
    super(`The token was refused: ${reason}`);
    this.reason = reason;
  }
}

/** Whether the token is good cannot be said now. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}
