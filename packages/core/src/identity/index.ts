export type { MemberRows } from './member-rows.ts';
export type { Entered, Member, MemberStore } from './member-store.ts';
export {
  IssuerUnavailable,
  type TenantClaim,
  type TokenIdentity,
  TokenRefused,
  type TokenVerifier,
} from './token-verifier.ts';
export { type MemberSettings, noMember, memberSettingsOf, updateMember } from './update-member.ts';
