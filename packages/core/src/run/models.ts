import type { AgentVersion, Prices } from '@holdfast/contracts';
import type { ModelCall } from './state.ts';

export interface PricedModel {
  readonly name: string;
  readonly prices: Prices | null;
}

/** The model of the call's next attempt, or of the one under way: after each failure the next one, round and round. */
export function modelFor({ model }: AgentVersion, { failures }: Pick<ModelCall, 'failures'>): PricedModel {
  const { fallbacks } = model;
  return fallbacks[(failures % (fallbacks.length + 1)) - 1] ?? model;
}

/** Whether a failure of the attempt under way leads to a model that has not been asked in this round. */
export const isFallbackNext = ({ model }: AgentVersion, { failures }: Pick<ModelCall, 'failures'>): boolean =>
  (failures + 1) % (model.fallbacks.length + 1) !== 0;
