import {
  type PlatformAuditLine,
  platformAuditPage,
  platformAuditVerification,
  type PlatformAuditVerification,
} from '@holdfast/contracts';
import type { CallOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** What was done above all tenants, for platform admins. */
export class PlatformAuditTrail extends Resource {
  /** Newest first. */
  list({ signal, ...query }: PageOptions = {}): List<PlatformAuditLine> {
    return this.listing('/v1/platform/audit', platformAuditPage, query, { signal });
  }

  /** Has the server follow the chain. */
  verify(options?: CallOptions): Promise<PlatformAuditVerification> {
    return this.unrepeated('/v1/platform/audit/verify', platformAuditVerification, undefined, options);
  }
}
