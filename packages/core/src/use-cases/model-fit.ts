import type { AgentSpec, ErrorCode } from '@holdfast/contracts';
import type { ModelFacts } from './model-catalogue.ts';

/** Why an agent cannot be run by a model. */
export interface ModelMisfit {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
}

/** null = it can, as far as is known. `path`: where the spec names the model. */
export function modelMisfit(name: string, path: string, facts: ModelFacts, spec: AgentSpec): ModelMisfit | null {
  const { contextTokens, prices, capabilities } = facts;
  if (prices === null && spec.limits.cost_usd !== undefined)
    return {
      code: 'price_unknown',
      path: '/limits/cost_usd',
      message: `a money limit needs models with a price, and ${name} has none: remove the limit, or give the model a price`,
    };
  const needed = spec.context.max_tokens + spec.model.max_output_tokens;
  if (contextTokens !== null && needed > contextTokens)
    return {
      code: 'context_too_large',
      path: '/context/max_tokens',
      message: `context.max_tokens ${spec.context.max_tokens} and model.max_output_tokens ${spec.model.max_output_tokens} are together ${needed}, and ${name} holds ${contextTokens}: lower one of them`,
    };
  if (!capabilities.tools && spec.tools.length > 0)
    return {
      code: 'model_without_tools',
      path,
      message: `${name} cannot call tools, and the agent has ${spec.tools.length}: remove them, or use another model`,
    };
  return null;
}
