export type { Entered, EnterOptions, Entrance } from './entrance.ts';
export type { Member } from './member.ts';
export type { MemberRows } from './member-rows.ts';
export { type ClaimRules, type ReadClaims, readClaims } from './read-claims.ts';
export { type RefusedToken, RefusedTokens } from './refused-tokens.ts';
export {
  IssuerUnavailable,
  type TenantClaim,
  type TokenIdentity,
  TokenRefused,
  type TokenVerifier,
} from './token-verifier.ts';
export { type MemberSettings, noMember, memberSettingsOf, updateMember } from './update-member.ts';
