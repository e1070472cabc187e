import { z } from 'zod';
import { type AuditHead, type AuditRow, EMPTY_CHAIN } from './audit-log.ts';
import { type AuditVerdict, verifyChain } from './verify-audit.ts';

/** The first line of an export: whose chain it is, and where it begins. */
const opening = z.object({
  type: z.literal('audit'),
  tenant: z.uuid(),
  /** The line before the first one here; 0 and '': there is none. */
  from: z.object({ number: z.int().nonnegative(), hash: z.string() }),
  /** It begins there because older lines were removed; a line of the chain says so. */
  checkpoint: z.boolean(),
});
export type AuditOpening = z.infer<typeof opening>;

/** The last line of an export: without it, the file was cut. */
const closing = z.object({ type: z.literal('head'), number: z.int().nonnegative(), hash: z.string() });

const exported = z.object({
  number: z.int().positive(),
  at: z.iso.datetime(),
  operation: z.string(),
  actor: z.string(),
  target: z.string(),
  text: z.object({}),
  hash: z.string().regex(/^[0-9a-f]*$/),
});

/** The file is not an export, or a line of it cannot be read. */
export class AuditFileUnreadable extends Error {
  override readonly name = 'AuditFileUnreadable';
}

export const openingLine = (from: Omit<AuditOpening, 'type'>): string => JSON.stringify({ type: 'audit', ...from });
export const closingLine = ({ number, hash }: AuditHead): string => JSON.stringify({ type: 'head', number, hash });

/** The text of the line is in it as it was hashed, so the file is good only as it is: not formatted anew. */
export function exportedLine({ number, at, operation, actor, target, line, hash }: AuditRow): string {
  const head = JSON.stringify({ number, at: new Date(at).toISOString(), operation, actor, target });
  return `${head.slice(0, -1)},"text":${line},"hash":${JSON.stringify(hash)}}`;
}

/** Where a verified export began and ended; `find`: its line of that number, when it was asked for. */
export interface VerifiedExport {
  readonly tenant: string;
  readonly verdict: AuditVerdict;
  /** The hash of the line that was asked for; null = it is not in here. */
  readonly hashAt: string | null;
}

/**
 * Verifies an export, as it is read, by nothing but itself. `at`: the number of a line whose hash is told.
 * @throws AuditFileUnreadable
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  at: number | null = null,
): Promise<VerifiedExport> {
  const iterator = iterate(lines);
  const first = await iterator.next();
  const { tenant, from, checkpoint } = parsed(opening, first.done === true ? '' : first.value, 1);
  let end: AuditHead | null = null;
  let hashAt = from.number === at && at > 0 ? from.hash : null;
  async function* rows(): AsyncGenerator<AuditRow> {
    for (let place = 2; ; place += 1) {
      const line = await iterator.next();
      if (line.done === true) return;
      if (line.value.trim() === '') continue;
      if (end !== null) throw new AuditFileUnreadable(`Line ${place} of the file stands behind its end.`);
      if (line.value.startsWith('{"type":')) {
        end = parsed(closing, line.value, place);
        continue;
      }
      const row = rowOf(line.value, place);
      if (row.number === at) hashAt = row.hash;
      yield row;
    }
  }
  const verdict = await verifyChain(
    tenant,
    from,
    rows(),
    () => {
      if (end === null) throw new AuditFileUnreadable('The file has no end: it was cut, or its export was broken off.');
      return Promise.resolve(end);
    },
    checkpoint && from.number > EMPTY_CHAIN.number ? from : null,
  );
  return { tenant, verdict, hashAt };
}

function rowOf(text: string, place: number): AuditRow {
  const { number, at, operation, actor, target, hash } = parsed(exported, text, place);
  // As it was hashed: what stands between the two, which no text before or behind can imitate.
  const line = text.slice(text.indexOf(',"text":') + 8, text.lastIndexOf(',"hash":'));
  return { number, at: Date.parse(at), operation, actor, target, line, hash };
}

function parsed<S extends z.ZodType>(schema: S, text: string, place: number): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AuditFileUnreadable(`Line ${place} of the file is not JSON.`);
  }
  const result = schema.safeParse(value);
  if (!result.success)
    throw new AuditFileUnreadable(
      place === 1
        ? 'This is not an export of an audit log: its first line does not say so.'
        : `Line ${place} of the file is not a line of an audit log: ${result.error.issues[0]?.message ?? ''}`,
    );
  return result.data;
}

async function* iterate(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  yield* lines;
}
