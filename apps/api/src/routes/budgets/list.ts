import { budgetPage, pageQuery } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, nameCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { budgetResourceOf } from '../../resources/budget.ts';

export const list = route({
  method: 'GET',
  url: '/v1/budgets',
  operation: 'budgets.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Administration',
  summary: 'List budgets',
  description: 'By name, each with what was spent of it in this period.',
  answers: { 200: { description: 'A page of budgets.', json: budgetPage } },
  handle: async ({ budgets }, { caller, query: { cursor, limit } }) => {
    const after = cursor === undefined ? null : decodeCursor(nameCursor, cursor)[0];
    const rows = await budgets.list(caller, after, limit + 1);
    return { status: 200, json: pageOf(rows, limit, budgetResourceOf, (row) => encodeCursor(row.name)) };
  },
});
