import type { Actor, JsonObject } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

/** What somebody changed. */
export interface AuditEntry {
  /** As in the table of permissions. */
  readonly operation: string;
  /** Path of what was changed. */
  readonly target: string;
  readonly by: Actor;
  readonly requestId: string;
  /** Facts that are no secret. */
  readonly detail: JsonObject;
}

/** A line as it is stored. */
export interface AuditRow {
  /** From 1 without gaps, in its tenant. */
  readonly number: number;
  /** ms since 1970 */
  readonly at: number;
  readonly operation: string;
  /** JSON text of `AuditLine`; the hash covers it as it is. */
  readonly line: string;
  /** SHA-256, hex, of the line and the hash before it. */
  readonly hash: string;
}

/** What the text of a line holds. */
export type AuditLineText = Omit<AuditEntry, 'operation'>;

/** Number and hash of the newest line, kept apart from the lines; 0 and '' before the first. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

export interface AuditLog {
  /** In the transaction of the change, as the last thing it does. Returns the line's number. */
  write(scope: TenantScope, entry: AuditEntry): Promise<number>;
  /** Lines with a lower number than `before`, newest first. */
  list(
    scope: TenantScope,
    operation: string | null,
    before: number | null,
    limit: number,
  ): Promise<readonly AuditRow[]>;
  /** Lines with a higher number than `after`, oldest first, to verify them. */
  chain(scope: TenantScope, after: number, limit: number): Promise<readonly AuditRow[]>;
  head(scope: TenantScope): Promise<AuditHead>;
}
