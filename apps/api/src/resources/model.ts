import type { ModelResource } from '@holdfast/contracts';
import type { ModelFacts, ModelHealth } from '@holdfast/core';
import { isoOrNull } from './time.ts';

export const modelResource = (
  name: string,
  { kind, prices, contextTokens, capabilities, concurrency, runs }: ModelFacts,
  { status, detail, checkedAt }: ModelHealth,
): ModelResource => ({
  name,
  kind,
  prices,
  context_tokens: contextTokens,
  capabilities: { tools: capabilities.tools, json_schema: capabilities.jsonSchema },
  concurrency,
  runs,
  health: { status, detail, checked_at: isoOrNull(checkedAt) },
});
