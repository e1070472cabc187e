import { listRunsQuery, runPage } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { runFilter } from '../../resources/run-filter.ts';
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
  handle: async ({ directory }, { caller, query: { cursor, limit, ...filter } }) => {
    const before = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const rows = await directory.list(caller, runFilter(filter), before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, runSummaryResource, (row) => encodeCursor(row.run)) };
  },
});
