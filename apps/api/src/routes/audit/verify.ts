import { type AuditVerification, auditVerification, jsonObject } from '@holdfast/contracts';
import { verifyStored } from '@holdfast/core';
import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';

export const verify = route({
  method: 'POST',
  url: '/v1/audit/verify',
  operation: 'audit.verify',
  params: nothing,
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Administration',
  summary: 'Verify the audit log',
  description:
    'Follows the chain from its beginning, or from the line up to which lines were removed because of their age, to its head, and names the first line that was changed, removed, inserted or put elsewhere. What came of it is a line of the log. Whoever trusts this server less verifies an export: `holdfast audit verify`.',
  answers: { 200: { description: 'What came of it.', json: auditVerification } },
  audit: ({ answer }) => ({ detail: jsonObject.parse(answer.json) }),
  handle: async ({ audit }, { caller, change }) => {
    const verdict = await verifyStored(audit, caller);
    const json: AuditVerification =
      verdict.type === 'whole'
        ? { state: 'whole', lines: verdict.lines, head: verdict.to, problem: null }
        : {
            state: 'broken',
            lines: verdict.lines,
            head: await audit.head(caller),
            problem: { number: verdict.number, kind: verdict.problem, found: verdict.found },
          };
    return change(() => Promise.resolve({ status: 200, json }));
  },
});
