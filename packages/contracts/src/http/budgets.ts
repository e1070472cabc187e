import { z } from 'zod';
import { agentName } from './agents.ts';
import { page } from './page.ts';

export const budgetName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and dashes, beginning with a letter',
});

/** How long a budget is for; `total`: for ever. */
export const budgetPeriod = z.enum(['hour', 'day', 'month', 'total']);

/** Far above what anybody uses, far below where numbers of JSON lose digits. */
const MOST = 1_000_000_000_000_000;
const most = z.int().positive().max(MOST);

/** What a budget is; a change names all of it again. */
export const setBudgetBody = z
  .strictObject({
    agent: agentName.optional().describe('It counts for the runs of this agent; left out: for all runs of the tenant.'),
    period: budgetPeriod.default('month').describe('What it is for; it is full again when the next one begins.'),
    time_zone: z
      .string()
      .max(100)
      .default('UTC')
      .describe('Where days and months begin: a name of the IANA database, such as Europe/Berlin.'),
    tokens: most.optional().describe('At most so many tokens, of prompts and answers together.'),
    cost_usd_micros: most.optional().describe('At most so much money, in micro-dollars.'),
    notice_percent: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('At so much of a limit the event `budget.noticed` is written, once a period.'),
  })
  .refine((body) => body.tokens !== undefined || body.cost_usd_micros !== undefined, {
    error: 'give tokens or cost_usd_micros, or both',
  })
  .meta({ id: 'SetBudget' });
export type SetBudgetBody = z.input<typeof setBudgetBody>;

const amounts = z.object({ tokens: z.int(), cost_usd_micros: z.int() });

export const budgetResource = z
  .object({
    id: z.uuid().describe('Names it in events; another one of the same name has another id.'),
    name: z.string(),
    agent: z.string().nullable().describe('`null`: it counts for all runs of the tenant.'),
    period: budgetPeriod,
    time_zone: z.string(),
    tokens: z.int().positive().nullable().describe('`null`: not limited.'),
    cost_usd_micros: z.int().positive().nullable(),
    notice_percent: z.int().nullable(),
    now: z
      .object({
        starts_at: z.iso.datetime().nullable().describe('`null`: it has one period, which never ends.'),
        ends_at: z.iso.datetime().nullable(),
        spent: amounts.describe('May be more than the limit: what models used beyond their reservation.'),
        held: amounts.describe('Taken by runs for their next calls; what they do not use comes back.'),
      })
      .describe('The period that it is now.'),
    revision: z.int().positive().describe('Counts what people have changed; its ETag.'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Budget' });
export type BudgetResource = z.output<typeof budgetResource>;

export const budgetPage = page(budgetResource).meta({ id: 'BudgetPage' });
