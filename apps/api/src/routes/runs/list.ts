import { listRunsQuery, runPage } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { runSummaryResource } from '../../resources/run.ts';

/** Newest first. */
export const list = route({
  method: 'GET',
  url: '/v1/runs',
  operation: 'runs.list',
  params: nothing,
  query: listRunsQuery,
  body: noBody,
  tag: 'Runs',
  summary: 'List runs',
  description: 'Newest first.',
  answers: { 200: { description: 'A page of runs.', json: runPage } },
  handle: async ({ directory }, { caller, query: { cursor, limit, status, agent } }) => {
    const before = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const filter = { ...(status === undefined ? {} : { status }), ...(agent === undefined ? {} : { agent }) };
    const rows = await directory.list(caller, filter, before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, runSummaryResource, (row) => encodeCursor(row.run)) };
  },
});
