import { auditPage, listAuditQuery } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, numberCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { auditLineResource } from '../../resources/audit-line.ts';

export const list = route({
  method: 'GET',
  url: '/v1/audit',
  operation: 'audit.list',
  params: nothing,
  query: listAuditQuery,
  body: noBody,
  tag: 'Administration',
  summary: 'Read the audit log',
  description:
    'Who changed what, newest first. Each hash covers its line and the hash before it, so that a line that is changed or missing is noticed. Starts of runs and messages are not audited: the logs of the runs have them.',
  answers: { 200: { description: 'A page of lines.', json: auditPage } },
  handle: async ({ audit }, { caller, query: { cursor, limit, operation } }) => {
    const before = cursor === undefined ? null : Number(decodeCursor(numberCursor, cursor)[0]);
    const rows = await audit.list(caller, operation ?? null, before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, auditLineResource, (row) => encodeCursor(String(row.number))) };
  },
});
