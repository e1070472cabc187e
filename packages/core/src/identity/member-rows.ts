import type { TenantScope } from '../tenant-scope.ts';
import type { Member, MemberStore } from './member-store.ts';

/** Members as admins see them. */
export interface MemberRows extends Pick<MemberStore, 'list' | 'get' | 'update'> {
  /**
   * The member, and whether somebody else can administer the tenant at `now`: another member who is not disabled and has the
   * role here, or an API key that is good. Until the transaction ends nobody else changes these members.
   */
  lock(
    scope: TenantScope,
    id: string,
    now: number,
  ): Promise<{ readonly member: Member; readonly otherAdmin: boolean } | null>;
}
