import { budgetName, budgetResource, setBudgetBody } from '@holdfast/contracts';
import { checkBudget, setBudget as set, withinQuota } from '@holdfast/core';
import { z } from 'zod';
import { stale } from '../../http/etag.ts';
import { etagOf, expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { nothing, route } from '../../http/route.ts';
import { budgetResourceOf, budgetSpec } from '../../resources/budget.ts';
import { budgetNow } from './budget-now.ts';

export const setBudget = route({
  method: 'PUT',
  url: '/v1/budgets/:name',
  operation: 'budgets.set',
  params: z.strictObject({ name: budgetName }),
  query: nothing,
  body: setBudgetBody,
  tag: 'Administration',
  summary: 'Set a budget',
  description:
    'Makes it, or gives it other limits: agent, period and time zone stay. Runs that wait for it go on as far as there is room now. A call that is under way when it is made is not counted.',
  headers: { 'If-Match': ifMatch },
  answers: {
    200: { description: 'As it is now.', json: budgetResource, headers: { ETag: 'Its revision, in quotes.' } },
  },
  refusals: ['invalid_request', 'agent_not_found', 'budget_fixed', 'etag_mismatch', 'quota_exceeded'],
  resource: budgetNow,
  audit: ({ body: { agent, period, tokens, cost_usd_micros } }) => ({
    detail: { agent: agent ?? null, period, tokens: tokens ?? null, cost_usd_micros: cost_usd_micros ?? null },
  }),
  handle: async (ports, { caller, params: { name }, body, request, change }) => {
    const expected = expectedVersion(request);
    const spec = budgetSpec(name, body);
    await checkBudget(ports, caller, spec);
    return change(async (stores) => {
      const budget = await withinQuota(stores, ports.quotas, caller, 'budgets', () =>
        set(stores, caller, spec, expected),
      );
      if (budget === null) throw stale(`The budget ${name}`);
      return { status: 200, json: budgetResourceOf(budget), headers: { etag: etagOf(budget.version) } };
    });
  },
});
