import type { Limits, runLimits } from '@holdfast/contracts';
import type { z } from 'zod';

/** The limits of a request in the units of the rules. */
export function limitsOf(wanted: z.output<typeof runLimits> | undefined): Partial<Limits> | undefined {
  if (wanted === undefined) return undefined;
  const { steps, tokens, cost_usd, active_time, deadline } = wanted;
  return {
    ...(steps === undefined ? {} : { steps }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(cost_usd === undefined ? {} : { cost_usd_micros: Math.max(1, Math.round(cost_usd * 1_000_000)) }),
    ...(active_time === undefined ? {} : { active_ms: active_time }),
    ...(deadline === undefined ? {} : { deadline_ms: deadline }),
  };
}
