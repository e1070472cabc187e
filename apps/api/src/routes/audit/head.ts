import { type AuditHeadResource, auditHead, auditVerification } from '@holdfast/contracts';
import type { AuditRow } from '@holdfast/core';
import { noBody, nothing, route } from '../../http/route.ts';
import { auditLineResource } from '../../resources/audit-line.ts';
import { iso } from '../../resources/time.ts';

export const head = route({
  method: 'GET',
  url: '/v1/audit/head',
  operation: 'audit.head',
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Read where the audit log stands',
  description:
    'Number and hash of the newest line, where the chain begins, and what came of the last verification. Whoever writes the head down elsewhere can prove later that nothing before it was changed.',
  answers: { 200: { description: 'Where it stands.', json: auditHead } },
  handle: async ({ audit }, { caller }) => {
    const [newest, checkpoint, [verified]] = await Promise.all([
      audit.head(caller),
      audit.checkpoint(caller),
      audit.list(caller, { operation: 'audit.verify' }, null, 1),
    ]);
    const json: AuditHeadResource = {
      head: { number: newest.number, hash: newest.hash },
      checkpoint: checkpoint && { ...checkpoint, at: iso(checkpoint.at) },
      verified: verified === undefined ? null : verifiedBy(verified),
    };
    return { status: 200, json };
  },
});

function verifiedBy(row: AuditRow): AuditHeadResource['verified'] {
  const { at, by, outcome, detail } = auditLineResource(row);
  // Somebody who may not.
  if (outcome !== 'done') return null;
  const { state, head: reached, problem } = auditVerification.parse(detail);
  return { at, by: by.id, state, number: problem?.number ?? reached.number };
}
