import type { TenantScope } from '../tenant-scope.ts';
import type { Member } from './member.ts';
import type { MemberSettings } from './update-member.ts';

/** Members as admins see them. */
export interface MemberRows {
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Member[]>;
  get(scope: TenantScope, id: string): Promise<Member | null>;
  /**
   * The member, and whether somebody else can administer the tenant at `now`: another member who is not disabled and has the
   * role here, or an API key that is good. Until the transaction ends nobody else changes these members.
   */
  lock(
    scope: TenantScope,
    id: string,
    now: number,
  ): Promise<{ readonly member: Member; readonly otherAdmin: boolean } | null>;
  update(scope: TenantScope, id: string, settings: MemberSettings): Promise<Member | null>;
}
