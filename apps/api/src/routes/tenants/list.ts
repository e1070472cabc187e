import { listTenantsQuery, tenantPage } from '@holdfast/contracts';
import { tenantResourceOf } from '@holdfast/core';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, platformRoute } from '../../http/route.ts';

export const list = platformRoute({
  method: 'GET',
  url: '/v1/tenants',
  operation: 'tenants.list',
  params: nothing,
  query: listTenantsQuery,
  body: noBody,
  tag: 'Platform',
  summary: 'List tenants',
  description: 'All of the installation, oldest first.',
  answers: { 200: { description: 'A page of tenants.', json: tenantPage } },
  handle: async ({ tenants }, { query: { cursor, limit, name } }) => {
    const after = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const rows = await tenants.list(after, limit + 1, name ?? null);
    return { status: 200, json: pageOf(rows, limit, tenantResourceOf, (row) => encodeCursor(row.id)) };
  },
});
