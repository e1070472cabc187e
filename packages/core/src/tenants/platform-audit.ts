import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Actor, JsonObject } from '@holdfast/contracts';

/** What somebody did to a tenant, or what the platform did by itself. */
export interface PlatformEntry {
  /** As in the table of permissions. */
  readonly operation: string;
  /** The tenant's id. */
  readonly tenant: string;
  readonly by: Actor;
  readonly requestId: string;
  readonly detail: JsonObject;
}

/** A line as it is stored. */
export interface PlatformAuditRow {
  /** From 1 without gaps. */
  readonly number: number;
  /** ms since 1970 */
  readonly at: number;
  readonly operation: string;
  /** JSON text of what else the entry says; the hash covers it as it is. */
  readonly line: string;
  /** SHA-256, hex, of the line and the hash before it. */
  readonly hash: string;
}

export interface PlatformHead {
  readonly number: number;
  readonly hash: string;
}

/** The platform's own chain: its lines outlive the tenants that they tell of. */
export interface PlatformAudit {
  /** Lines with a lower number than `before`, newest first. */
  list(before: number | null, limit: number): Promise<readonly PlatformAuditRow[]>;
  /** Lines with a higher number than `after`, oldest first, to verify them. */
  chain(after: number, limit: number): Promise<readonly PlatformAuditRow[]>;
  head(): Promise<PlatformHead>;
}

/** In the transaction of the change, as the last thing it does. */
export interface PlatformAuditWriter {
  write(entry: PlatformEntry): Promise<void>;
}

export type PlatformVerdict =
  | { readonly type: 'whole'; readonly lines: number }
  /** `number`: the first line with which something is wrong. */
  | { readonly type: 'broken'; readonly number: number; readonly problem: 'missing' | 'changed' };

const PAGE = 500;

/** Follows the whole chain, page by page, and holds its end to the head that is kept apart from it. */
export async function verifyPlatformAudit(audit: Pick<PlatformAudit, 'chain' | 'head'>): Promise<PlatformVerdict> {
  // First: lines that come meanwhile lie beyond it.
  const head = await audit.head();
  let number = 0;
  let hash = '';
  while (number < head.number) {
    const rows = await audit.chain(number, Math.min(PAGE, head.number - number));
    if (rows.length === 0) return { type: 'broken', number: number + 1, problem: 'missing' };
    for (const row of rows) {
      number += 1;
      if (row.number !== number) return { type: 'broken', number, problem: 'missing' };
      if (row.hash !== hashOfPlatformLine(hash, row)) return { type: 'broken', number, problem: 'changed' };
      ({ hash } = row);
    }
  }
  return hash === head.hash ? { type: 'whole', lines: number } : { type: 'broken', number, problem: 'changed' };
}

/** As `write_platform_audit` in the database computes it. */
const hashOfPlatformLine = (
  previous: string,
  { number, at, operation, line }: Omit<PlatformAuditRow, 'hash'>,
): string => bytesToHex(sha256(utf8ToBytes([previous, number, at, operation, line].join('\n'))));
