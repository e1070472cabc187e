import { actor, jsonObject, type PlatformAuditLine, type PlatformAuditVerification } from '@holdfast/contracts';
import { z } from 'zod';
import type { PlatformAuditRow, PlatformVerdict } from './platform-audit.ts';

/** What the text of a line holds, as `write_platform_audit` was given it. */
const lineText = z.object({
  tenant: z.string().nullable(),
  by: actor,
  requestId: z.string(),
  from: z.object({ address: z.string(), agent: z.string().nullable() }).optional(),
  outcome: z.enum(['done', 'refused']).default('done'),
  detail: jsonObject,
});

/** A stored line as it is shown. */
export function platformAuditLineOf({ number, at, operation, line, hash }: PlatformAuditRow): PlatformAuditLine {
  const { tenant, by, requestId, from, outcome, detail } = lineText.parse(JSON.parse(line));
  return {
    number,
    at: new Date(at).toISOString(),
    by,
    operation,
    tenant,
    outcome,
    from: from ?? null,
    detail,
    request_id: requestId,
    hash,
  };
}

export const platformVerificationOf = (verdict: PlatformVerdict): PlatformAuditVerification =>
  verdict.type === 'whole'
    ? { state: 'whole', lines: verdict.lines, problem: null }
    : { state: 'broken', lines: verdict.number - 1, problem: { number: verdict.number, kind: verdict.problem } };
