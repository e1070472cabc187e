import { budgetName } from '@holdfast/contracts';
import { deleteBudget as remove, refused } from '@holdfast/core';
import { z } from 'zod';
import { stale } from '../../http/etag.ts';
import { expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { budgetNow } from './budget-now.ts';

export const deleteBudget = route({
  method: 'DELETE',
  url: '/v1/budgets/:name',
  operation: 'budgets.delete',
  params: z.strictObject({ name: budgetName }),
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Delete a budget',
  description: 'Runs that wait for it go on. What was spent of it is forgotten; usage stays.',
  headers: { 'If-Match': ifMatch },
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['invalid_request', 'budget_not_found', 'etag_mismatch'],
  resource: budgetNow,
  audit: true,
  handle: (_ports, { caller, params: { name }, request, change }) => {
    const expected = expectedVersion(request);
    return change(async (stores) => {
      const outcome = await remove(stores, caller, name, expected);
      if (outcome === 'missing') throw refused('budget_not_found', `There is no budget ${name}.`);
      if (outcome === 'mismatch') throw stale(`The budget ${name}`);
      return { status: 204 };
    });
  },
});
