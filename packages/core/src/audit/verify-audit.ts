import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { TenantScope } from '../tenant-scope.ts';
import { type AuditHead, type AuditLog, type AuditRow, CHECKPOINT, EMPTY_CHAIN } from './audit-log.ts';
import { type Break, type BrokenChain, explainBreak, LOOK_AHEAD } from './explain-break.ts';

export type AuditVerdict =
  /** All lines after `from` up to `to` are as they were written. */
  { readonly type: 'whole'; readonly lines: number; readonly from: number; readonly to: AuditHead } | BrokenChain;

/** The hash that a line must have, as `write_audit` in the database computes it. */
export const hashOfLine = (tenant: string, previous: string, row: Omit<AuditRow, 'hash'>): string =>
  bytesToHex(
    sha256(
      utf8ToBytes([previous, tenant, row.number, row.at, row.operation, row.actor, row.target, row.line].join('\n')),
    ),
  );

/**
 * Follows the chain through rows that come in order, from where it begins. In memory are a few rows at a time.
 * `head`: asked when the rows are at their end. `checkpoint`: where the chain begins because older lines were removed;
 * a line of the chain must say so.
 */
export async function verifyChain(
  tenant: string,
  from: AuditHead,
  rows: AsyncIterable<AuditRow> | Iterable<AuditRow>,
  head: () => Promise<AuditHead>,
  checkpoint: AuditHead | null = null,
): Promise<AuditVerdict> {
  const hash = (previous: string, row: Omit<AuditRow, 'hash'>): string => hashOfLine(tenant, previous, row);
  let [reached, before, told]: [AuditHead, AuditHead | null, AuditRow | null] = [from, null, null];
  const ahead: AuditRow[] = [];
  const follow = (): Break | null => {
    const [row] = ahead;
    if (row === undefined) return null;
    if (row.number !== reached.number + 1 || row.hash !== hash(reached.hash, row))
      return explainBreak(hash, reached, before, ahead);
    if (row.operation === CHECKPOINT) told = row;
    [before, reached] = [reached, { number: row.number, hash: row.hash }];
    ahead.shift();
    return null;
  };
  for await (const row of rows) {
    ahead.push(row);
    if (ahead.length < LOOK_AHEAD) continue;
    const broken = follow();
    if (broken !== null) return counted(broken, from);
  }
  while (ahead.length > 0) {
    const broken = follow();
    if (broken !== null) return counted(broken, from);
  }
  const broken = checkpointProblem(checkpoint, told) ?? headProblem(reached, await head());
  if (broken !== null) return counted(broken, from);
  return { type: 'whole', lines: reached.number - from.number, from: from.number, to: reached };
}

const counted = (broken: Break, from: AuditHead): BrokenChain => ({
  ...broken,
  lines: Math.max(0, broken.number - 1 - from.number),
});

/** The lines end where the head says: none was cut off at the end, or added there. */
function headProblem(reached: AuditHead, head: AuditHead): Break | null {
  const broken = (number: number, problem: Break['problem'], found: string): Break => ({
    type: 'broken',
    number,
    problem,
    found,
  });
  if (reached.number < head.number)
    return broken(
      reached.number + 1,
      'removed',
      `nothing: the lines end at ${reached.number}, the head is at ${head.number}`,
    );
  if (reached.number > head.number)
    return broken(head.number + 1, 'inserted', `a line, although the head is at ${head.number}`);
  if (reached.hash === head.hash) return null;
  return broken(
    reached.number,
    'changed',
    `the hash ${reached.hash}, although the head has ${head.hash}: lines were written anew`,
  );
}

/** Whoever removes lines by hand can write a checkpoint, but not the line that tells of it. */
function checkpointProblem(checkpoint: AuditHead | null, told: AuditRow | null): Break | null {
  if (checkpoint === null) return null;
  const { number, hash } = checkpoint;
  const broken = (found: string): Break => ({ type: 'broken', number, problem: 'checkpoint-forged', found });
  if (told === null) return broken('a checkpoint of which no line tells');
  // Its text is covered by the chain, and was written by the database.
  const { detail } = JSON.parse(told.line) as { detail: AuditHead };
  if (detail.number === number && detail.hash === hash) return null;
  return broken(`another checkpoint than line ${told.number} tells of, which is at ${detail.number}`);
}

const PAGE = 500;
const ATTEMPTS = 3;

/**
 * The lines that the database has after a number, oldest first, a page at a time. Lines are written meanwhile: `head` is
 * what was there once there were no more of them, and is asked for when the rows are at their end.
 */
export function storedChain(
  audit: Pick<AuditLog, 'chain' | 'head'>,
  scope: TenantScope,
  after: number,
): { readonly rows: AsyncGenerator<AuditRow>; readonly head: () => Promise<AuditHead> } {
  let head = EMPTY_CHAIN;
  async function* rows(): AsyncGenerator<AuditRow> {
    for (let last = after; ;) {
      const page = await audit.chain(scope, last, PAGE);
      yield* page;
      const end = page.at(-1);
      if (end !== undefined) {
        last = end.number;
        continue;
      }
      head = await audit.head(scope);
      if (head.number <= last || (await audit.chain(scope, last, 1)).length === 0) return;
    }
  }
  return { rows: rows(), head: () => Promise.resolve(head) };
}

/** All that the database has of a tenant, against the head and the checkpoint that are kept apart from the lines. */
export async function verifyStored(
  audit: Pick<AuditLog, 'chain' | 'head' | 'checkpoint'>,
  scope: TenantScope,
): Promise<AuditVerdict> {
  for (let attempt = 1; ; attempt += 1) {
    const checkpoint = await audit.checkpoint(scope);
    const from = checkpoint ?? EMPTY_CHAIN;
    const { rows, head } = storedChain(audit, scope, from.number);
    const verdict = await verifyChain(scope.tenant, from, rows, head, checkpoint);
    // Old lines are removed meanwhile, too.
    const moved = (await audit.checkpoint(scope))?.number !== checkpoint?.number;
    if (verdict.type === 'whole' || !moved || attempt === ATTEMPTS) return verdict;
  }
}
