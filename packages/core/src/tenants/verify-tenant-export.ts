import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { EXPORT_FORMAT } from './export-tenant.ts';

export type ExportVerdict =
  | { readonly type: 'whole'; readonly tenant: string; readonly lines: Readonly<Record<string, number>> }
  /** `line`: counts from 1. */
  | { readonly type: 'broken'; readonly line: number; readonly problem: string };

const typed = z.looseObject({ type: z.string() });
const header = z.looseObject({
  type: z.literal('export'),
  format: z.literal(EXPORT_FORMAT),
  tenant: z.looseObject({ id: z.string() }),
});
const event = z.looseObject({ event: z.looseObject({ run_id: z.string(), seq: z.int() }) });
const file = z.looseObject({ digest: z.string(), base64: z.string().nullable() });
const end = z.looseObject({ lines: z.record(z.string(), z.int()), sha256: z.string() });

/**
 * Whether an export is as it was written: its hash, the number of lines of each type, every log from its first event on
 * without gaps, and every file by its digest.
 */
export async function verifyTenantExport(lines: AsyncIterable<string>): Promise<ExportVerdict> {
  const hash = sha256.create();
  const counts: Record<string, number> = {};
  let number = 0;
  let tenant = '';
  let ended = false;
  let log = { run: '', seq: 0 };
  const broken = (problem: string): ExportVerdict => ({ type: 'broken', line: number, problem });
  for await (const text of lines) {
    number += 1;
    if (ended) return broken('something follows the end');
    const parsed = typed.safeParse(parse(text));
    if (!parsed.success) return broken('it is no line of an export');
    const { type } = parsed.data;
    if (number === 1) {
      const begin = header.safeParse(parsed.data);
      if (!begin.success) return broken(`it does not begin as an export of format ${EXPORT_FORMAT}`);
      tenant = begin.data.tenant.id;
    }
    if (type === 'end') {
      const { lines: told, sha256: digest } = end.parse(parsed.data);
      if (bytesToHex(hash.digest()) !== digest) return broken('the lines before it were changed');
      if (Object.entries(told).some(([name, count]) => counts[name] !== count)) return broken('lines are missing');
      ended = true;
      continue;
    }
    counts[type] = (counts[type] ?? 0) + 1;
    hash.update(utf8ToBytes(`${text}\n`));
    if (type === 'event') {
      const { run_id: run, seq } = event.parse(parsed.data).event;
      if (seq !== (run === log.run ? log.seq : 0) + 1) return broken(`event ${seq} of run ${run} does not follow`);
      log = { run, seq };
    }
    if (type === 'file') {
      const { digest, base64 } = file.parse(parsed.data);
      if (base64 !== null && bytesToHex(sha256(Buffer.from(base64, 'base64'))) !== digest)
        return broken(`the file ${digest} does not have its digest`);
    }
  }
  return ended ? { type: 'whole', tenant, lines: counts } : broken('it has no end');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
