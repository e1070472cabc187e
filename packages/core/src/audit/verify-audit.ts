import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AuditHead, AuditRow } from './audit-log.ts';

export type AuditVerdict =
  | { readonly type: 'whole'; readonly lines: number }
  /** `number`: the first line with which something is wrong. */
  | { readonly type: 'broken'; readonly number: number; readonly problem: 'missing' | 'changed' };

/** The chain before its first line. */
export const EMPTY_CHAIN: AuditHead = { number: 0, hash: '' };

/** The hash that a line must have, as `write_audit` in the database computes it. */
export const hashOfLine = (tenant: string, previous: string, { number, at, operation, line }: AuditRow): string =>
  bytesToHex(sha256(utf8ToBytes([previous, tenant, number, at, operation, line].join('\n'))));

/**
 * Follows the chain from `from` through these rows, which are in order. Returns where it arrived, or the first line that
 * is missing or not what was written.
 */
export function followChain(
  tenant: string,
  from: AuditHead,
  rows: readonly AuditRow[],
): AuditHead | Extract<AuditVerdict, { type: 'broken' }> {
  let { number, hash } = from;
  for (const row of rows) {
    number += 1;
    if (row.number !== number) return { type: 'broken', number, problem: 'missing' };
    if (row.hash !== hashOfLine(tenant, hash, row)) return { type: 'broken', number, problem: 'changed' };
    ({ hash } = row);
  }
  return { number, hash };
}

/** All lines of a tenant, against the head that is kept apart from them. */
export function verifyAudit(tenant: string, rows: readonly AuditRow[], head: AuditHead): AuditVerdict {
  const reached = followChain(tenant, EMPTY_CHAIN, rows);
  return 'type' in reached ? reached : atHead(reached, head);
}

/** The lines end where the head says: none was cut off at the end. */
export function atHead(reached: AuditHead, head: AuditHead): AuditVerdict {
  if (reached.number < head.number) return { type: 'broken', number: reached.number + 1, problem: 'missing' };
  if (reached.number > head.number || reached.hash !== head.hash)
    return { type: 'broken', number: reached.number, problem: 'changed' };
  return { type: 'whole', lines: reached.number };
}
