import { z } from 'zod';
import { agentName } from './agents.ts';

export const usageQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }).optional().describe('Runs created from here on; 30 days ago when left out.'),
  to: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Runs created before; now when left out. At most 366 days after `from`.'),
  group_by: z.enum(['agent', 'day', 'none']).default('agent'),
  agent: agentName.optional(),
});

/** What the runs of a group have used so far. Events that a fork copied are not counted again. */
export const usageItem = z
  .object({
    group: z.string().describe("The agent's name, the day (UTC), or `all`."),
    runs: z.int().nonnegative(),
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
