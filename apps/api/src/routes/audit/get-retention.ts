import { auditRetention } from '@holdfast/contracts';
import { noBody, nothing, route } from '../../http/route.ts';

export const getAuditRetention = route({
  method: 'GET',
  url: '/v1/audit/retention',
  operation: 'audit.get-retention',
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Read how long audit lines are kept',
  answers: { 200: { description: 'Days; null: as long as the platform says.', json: auditRetention } },
  handle: async ({ audit }, { caller }) => ({ status: 200, json: { days: await audit.days(caller) } }),
});
