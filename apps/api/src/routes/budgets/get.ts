import { budgetName, budgetResource } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { etagOf } from '../../http/expected-version.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { budgetResourceOf } from '../../resources/budget.ts';

export const get = route({
  method: 'GET',
  url: '/v1/budgets/:name',
  operation: 'budgets.get',
  params: z.strictObject({ name: budgetName }),
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Read a budget',
  description: 'With what was spent of it in this period, and what runs hold of it.',
  answers: {
    200: {
      description: 'The budget.',
      json: budgetResource,
      headers: { ETag: 'Its revision, in quotes: for `If-Match` of a change.' },
    },
  },
  refusals: ['budget_not_found'],
  handle: async ({ budgets }, { caller, params: { name } }) => {
    const found = await budgets.get(caller, name);
    if (found === null) throw refused('budget_not_found', `There is no budget ${name}.`);
    return { status: 200, json: budgetResourceOf(found), headers: { etag: etagOf(found.version) } };
  },
});
