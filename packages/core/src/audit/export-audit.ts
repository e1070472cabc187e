import type { TenantScope } from '../tenant-scope.ts';
import { closingLine, exportedLine, openingLine } from './audit-export.ts';
import { type AuditHead, type AuditLog, EMPTY_CHAIN } from './audit-log.ts';
import { storedChain } from './verify-audit.ts';

/**
 * The chain as lines of text, each with its line break; in memory is a page at a time. `after`: the last line that
 * somebody has already; from the beginning when it was removed meanwhile.
 */
export async function* exportAudit(
  audit: Pick<AuditLog, 'chain' | 'head' | 'checkpoint'>,
  scope: TenantScope,
  after: number,
): AsyncGenerator<string> {
  const { tenant } = scope;
  for (;;) {
    const checkpoint = (await audit.checkpoint(scope)) ?? EMPTY_CHAIN;
    const [known] = after > checkpoint.number ? await audit.chain(scope, after - 1, 1) : [];
    const from: AuditHead = known?.number === after ? { number: after, hash: known.hash } : checkpoint;
    const { rows, head } = storedChain(audit, scope, from.number);
    const first = await rows.next();
    // Old lines were removed in between: it begins elsewhere.
    if (((await audit.checkpoint(scope)) ?? EMPTY_CHAIN).number > from.number) continue;
    const begins = { number: from.number, hash: from.hash };
    yield `${openingLine({ tenant, from: begins, checkpoint: from === checkpoint && checkpoint.number > 0 })}\n`;
    if (first.done !== true) yield `${exportedLine(first.value)}\n`;
    for await (const row of rows) yield `${exportedLine(row)}\n`;
    yield `${closingLine(await head())}\n`;
    return;
  }
}
