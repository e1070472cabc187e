import type { AgentResource, AgentVersion, AgentVersionResource, JsonObject } from '@holdfast/contracts';
import type { AgentSummary } from '@holdfast/core';
import { iso } from './time.ts';

export const agentResource = ({ name, latest, description, aliases, createdAt }: AgentSummary): AgentResource => ({
  name,
  latest,
  description,
  aliases: Object.fromEntries(Object.entries(aliases).map(([alias, targets]) => [alias, [...targets]])),
  created_at: iso(createdAt),
});

export const versionResource = (version: AgentVersion, spec: JsonObject): AgentVersionResource => ({
  id: version.id,
  agent: version.agent,
  number: version.number,
  description: version.description,
  model: {
    name: version.model.name,
    fallbacks: version.model.fallbacks.map(({ name }) => name),
    max_output_tokens: version.model.max_output_tokens,
    prices: version.model.prices,
  },
  tools: version.tools.map(({ name, source, description, input_schema, hash, effect, approval }) => ({
    name,
    source,
    description,
    input_schema,
    hash,
    effect,
    approval: approval !== null,
  })),
  limits: version.limits,
  spec,
});
