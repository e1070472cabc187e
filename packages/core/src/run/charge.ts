import type { Charge, Usage } from '@holdfast/contracts';
import { cost } from './limits.ts';
import type { ModelCall } from './state.ts';

/** What the attempt under way counts for as it ends. Without usage its reservation does: nobody knows more. */
export function chargeFor({ id, phase }: ModelCall, usage: Usage | null): Charge {
  if (phase.is !== 'open') throw new Error(`no attempt of the model call ${id} is under way`);
  const { model, prices, priceVersion, reservation } = phase;
  const by = { model, price_version: priceVersion };
  return usage === null
    ? { ...by, tokens: reservation.tokens, cost_usd_micros: reservation.cost_usd_micros, estimated: true }
    : {
        ...by,
        tokens: usage.input_tokens + usage.output_tokens,
        cost_usd_micros: cost(prices, usage.input_tokens, usage.output_tokens),
        estimated: false,
      };
}
