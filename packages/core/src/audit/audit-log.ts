import type { Actor, JsonObject } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

/** What somebody changed, tried to change, or read that is watched. */
export interface AuditEntry {
  /** As in the table of permissions. */
  readonly operation: string;
  /** Path of what was changed or read. */
  readonly target: string;
  readonly by: Actor;
  /** For people to read; left out: not known. */
  readonly name?: string | undefined;
  /** Left out: it came from no client. */
  readonly from?: AuditSource | undefined;
  readonly requestId: string;
  /** SHA-256 of the canonical JSON of the resource; left out: there was none, or nothing was changed. */
  readonly before?: string | null;
  readonly after?: string | null;
  /** Left out: `done`. */
  readonly outcome?: AuditOutcome;
  /** Facts that are no secret. */
  readonly detail: JsonObject;
}

/** `refused`: whoever asked may not; why stands in the detail. */
export type AuditOutcome = 'done' | 'refused';

export interface AuditSource {
  /** IP address of the client, as far as it is known. */
  readonly address: string;
  /** The program that it says it is, shortened; null = it does not say. */
  readonly agent: string | null;
}

/** A line as it is stored. */
export interface AuditRow {
  /** From 1 without gaps, in its tenant. */
  readonly number: number;
  /** ms since 1970 */
  readonly at: number;
  readonly operation: string;
  /** Id of who did it. */
  readonly actor: string;
  readonly target: string;
  /** JSON text of `AuditLineText`; the hash covers it as it is. */
  readonly line: string;
  /** SHA-256, hex, of the line and the hash before it. */
  readonly hash: string;
}

/** What the text of a line holds. */
export interface AuditLineText {
  readonly by: Omit<Actor, 'id'> & { readonly name: string | null };
  readonly from: AuditSource | null;
  readonly requestId: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly outcome: AuditOutcome;
  readonly detail: JsonObject;
}

/** Number and hash of the newest line, kept apart from the lines; 0 and '' before the first. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

/** Lines up to `number` were removed because of their age; `hash` is that of the last of them. */
export interface AuditCheckpoint extends AuditHead {
  /** How many the last step removed. */
  readonly count: number;
  /** ms since 1970 */
  readonly at: number;
}

/** The operation of the lines that tell of a checkpoint; their detail has its number, hash and count. */
export const CHECKPOINT = 'audit.checkpoint';

/** The chain before its first line. */
export const EMPTY_CHAIN: AuditHead = { number: 0, hash: '' };

/** Lines that fit all that is given. */
export interface AuditFilter {
  readonly operation?: string | undefined;
  /** Id of who did it. */
  readonly actor?: string | undefined;
  /** The path itself, or what it begins with. */
  readonly target?: string | undefined;
  /** ms since 1970, the first and the one after the last. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export interface AuditLog {
  /** In the transaction of the change, as the last thing it does. Returns the line's number. */
  write(scope: TenantScope, entry: AuditEntry): Promise<number>;
  /** Lines with a lower number than `before`, newest first. */
  list(scope: TenantScope, filter: AuditFilter, before: number | null, limit: number): Promise<readonly AuditRow[]>;
  /** Lines with a higher number than `after`, oldest first, to verify or export them. */
  chain(scope: TenantScope, after: number, limit: number): Promise<readonly AuditRow[]>;
  head(scope: TenantScope): Promise<AuditHead>;
  /** null = no line was removed yet. */
  checkpoint(scope: TenantScope): Promise<AuditCheckpoint | null>;
  /** Days for which the tenant keeps its lines; null = as long as the platform says. */
  days(scope: TenantScope): Promise<number | null>;
  setDays(scope: TenantScope, days: number | null): Promise<void>;
}
