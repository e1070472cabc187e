import { auditRetention } from '@holdfast/contracts';
import { nothing, route } from '../../http/route.ts';

export const setAuditRetention = route({
  method: 'PUT',
  url: '/v1/audit/retention',
  operation: 'audit.set-retention',
  params: nothing,
  query: nothing,
  body: auditRetention,
  tag: 'Administration',
  summary: 'Set how long audit lines are kept',
  description:
    'Older lines are removed within a day or so; a line of the log says up to which one, and the chain is verified from there. At least 30 days. `null`: as long as AUDIT_RETENTION_DAYS of the platform says, and without it for ever.',
  answers: { 200: { description: 'What holds from now on.', json: auditRetention } },
  resource: async ({ audit }, caller) => ({ days: await audit.days(caller) }),
  audit: ({ body: { days } }) => ({ detail: { days } }),
  handle: (_ports, { caller, body: { days }, change }) =>
    change(async ({ audit }) => {
      await audit.setDays(caller, days);
      return { status: 200, json: { days } };
    }),
});
