import type { BudgetResource, budgetName, setBudgetBody } from '@holdfast/contracts';
import type { Budget, BudgetSpec } from '@holdfast/core';
import type { z } from 'zod';
import { iso, isoOrNull } from './time.ts';

export function budgetResourceOf({ window, ...budget }: Budget): BudgetResource {
  const { startsAt, endsAt, spent, held } = window;
  return {
    ...budgetSettings(budget),
    now: {
      starts_at: endsAt === null ? null : iso(startsAt),
      ends_at: isoOrNull(endsAt),
      spent: { tokens: spent.tokens, cost_usd_micros: spent.costUsdMicros },
      held: { tokens: held.tokens, cost_usd_micros: held.costUsdMicros },
    },
  };
}

/** All but what runs change. */
export const budgetSettings = (budget: Omit<Budget, 'window'>): Omit<BudgetResource, 'now'> => ({
  id: budget.id,
  name: budget.name,
  agent: budget.agent,
  period: budget.period,
  time_zone: budget.timeZone,
  tokens: budget.tokens,
  cost_usd_micros: budget.costUsdMicros,
  notice_percent: budget.noticeAt,
  revision: budget.version,
  created_at: iso(budget.createdAt),
  updated_at: iso(budget.updatedAt),
});

/** What the rules know of the body of a request. */
export const budgetSpec = (name: z.output<typeof budgetName>, body: z.output<typeof setBudgetBody>): BudgetSpec => ({
  name,
  agent: body.agent ?? null,
  period: body.period,
  timeZone: body.time_zone,
  tokens: body.tokens ?? null,
  costUsdMicros: body.cost_usd_micros ?? null,
  noticeAt: body.notice_percent ?? null,
});
