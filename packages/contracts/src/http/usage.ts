import { z } from 'zod';
import { agentName } from './agents.ts';

/** More groups are refused rather than cut off. */
export const MOST_USAGE_GROUPS = 10_000;

export const usageQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }).optional().describe('From here on; 30 days ago when left out.'),
  to: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Before this time; now when left out. At most 366 days after `from`.'),
  group_by: z
    .enum(['agent', 'model', 'person', 'day', 'none'])
    .default('agent')
    .describe('`person`: who started the run at the top. Days are those of UTC.'),
  agent: agentName.optional(),
  format: z.enum(['json', 'csv']).default('json'),
});

/** What was used by a group, as the events of runs say it. Events that a fork copied are not counted again. */
export const usageItem = z
  .object({
    group: z
      .string()
      .describe(
        'The name of the agent or model; `member:`, `api-key:` or `system:` with the id of who started the run; the day; or `all`.',
      ),
    runs: z.int().nonnegative().nullable().describe('Created in that time; `null` by model.'),
    calls: z
      .int()
      .nonnegative()
      .describe('Attempts of calls of models that ended in that time and may have cost something.'),
    tokens: z.int().nonnegative(),
    cost_usd_micros: z.int().nonnegative(),
  })
  .meta({ id: 'Usage' });
export type UsageResource = z.output<typeof usageItem>;

export const usagePage = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    items: z.array(usageItem),
  })
  .meta({ id: 'UsagePage' });
export type UsagePage = z.output<typeof usagePage>;
