import { pageQuery, platformAuditPage } from '@holdfast/contracts';
import { platformAuditLineOf } from '@holdfast/core';
import { decodeCursor, encodeCursor, numberCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, platformRoute } from '../../http/route.ts';

export const list = platformRoute({
  method: 'GET',
  url: '/v1/platform/audit',
  operation: 'platform-audit.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Platform',
  summary: "Read the platform's audit log",
  description:
    'What platform admins did, which tokens were refused, who logged in and out in a browser, and which tenants were erased, newest first. Reading it leaves a line itself, one a minute for the same reader.',
  answers: { 200: { description: 'A page of lines.', json: platformAuditPage } },
  watched: true,
  handle: async ({ platformAudit }, { query: { cursor, limit } }) => {
    const before = cursor === undefined ? null : Number(decodeCursor(numberCursor, cursor)[0]);
    const rows = await platformAudit.list(before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, platformAuditLineOf, (row) => encodeCursor(String(row.number))) };
  },
});
