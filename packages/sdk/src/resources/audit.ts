import { type AuditLine, auditPage } from '@holdfast/contracts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

export interface AuditQuery extends PageOptions {
  /** As in the table of permissions, such as `agents.publish`. */
  readonly operation?: string | undefined;
}

export class AuditTrail extends Resource {
  /** Who changed what, newest first. */
  list({ signal, ...query }: AuditQuery = {}): List<AuditLine> {
    return this.listing('/v1/audit', auditPage, query, { signal });
  }
}
