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
    'Who did what, newest first. Each hash covers its line and the hash before it, so that a line that is changed or missing is noticed. Starts of runs and messages are not audited: the logs of the runs have them. Reading it leaves a line itself, one a minute for the same reader.',
  answers: { 200: { description: 'A page of lines.', json: auditPage } },
  audit: true,
  handle: async ({ audit }, { caller, query: { cursor, limit, since, until, ...filter } }) => {
    const before = cursor === undefined ? null : Number(decodeCursor(numberCursor, cursor)[0]);
    const times = { since: timeOf(since), until: timeOf(until) };
    const rows = await audit.list(caller, { ...filter, ...times }, before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, auditLineResource, (row) => encodeCursor(String(row.number))) };
  },
});

const timeOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
