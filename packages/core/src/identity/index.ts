export type { Entered, EnterOptions, Member, MemberStore } from './member-store.ts';
export { type ClaimRules, type ReadClaims, readClaims } from './read-claims.ts';
export { PLATFORM, type RefusedToken, RefusedTokens } from './refused-tokens.ts';
export {
  IssuerUnavailable,
  type TenantClaim,
  type TokenIdentity,
  TokenRefused,
  type TokenVerifier,
} from './token-verifier.ts';
