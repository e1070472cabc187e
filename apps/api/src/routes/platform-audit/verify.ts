import { platformAuditVerification } from '@holdfast/contracts';
import { platformVerificationOf, verifyPlatformAudit } from '@holdfast/core';
import { z } from 'zod';
import { nothing, platformRoute } from '../../http/route.ts';

export const verify = platformRoute({
  method: 'POST',
  url: '/v1/platform/audit/verify',
  operation: 'platform-audit.verify',
  params: nothing,
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Platform',
  summary: "Verify the platform's audit log",
  description:
    'Follows the chain from its first line to its head, and names the first line that was changed or is missing. What came of it is a line of the log.',
  answers: { 200: { description: 'What came of it.', json: platformAuditVerification } },
  handle: async ({ platformAudit }, { who }) => {
    const json = platformVerificationOf(await verifyPlatformAudit(platformAudit));
    await platformAudit.write({ ...who, operation: 'platform-audit.verify', tenant: null, detail: json });
    return { status: 200, json };
  },
});
