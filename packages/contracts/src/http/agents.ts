import { z } from 'zod';
import { limits, prices } from '../agent/limits.ts';
import { effect } from '../event/event-parts.ts';
import { jsonObject } from '../json.ts';
import { versionNumber } from './numbers.ts';
import { page } from './page.ts';

export const agentName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and dashes, beginning with a letter',
});

export const aliasName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and dashes, beginning with a letter',
});

/** One version that an alias stands for, with its share of new runs: weight / sum of weights. */
export const aliasTarget = z.object({ version: versionNumber, weight: z.int().min(1).max(1_000) });
export type AliasTarget = z.output<typeof aliasTarget>;

export const agentSummary = z
  .object({
    name: z.string(),
    latest: z.int().positive().describe('Number of the newest version.'),
    description: z.string(),
    aliases: z.record(z.string(), z.array(aliasTarget)),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Agent' });
export type AgentResource = z.output<typeof agentSummary>;

export const agentPage = page(agentSummary).meta({ id: 'AgentPage' });

/** A published tool as the model sees it. */
export const agentTool = z.object({
  name: z.string(),
  source: z.discriminatedUnion('type', [
    z.object({ type: z.literal('mcp'), server: z.string(), tool: z.string() }),
    z.object({ type: z.literal('http'), server: z.string(), operation: z.string() }),
    z.object({
      type: z.literal('agent'),
      agent: z.string(),
      version: z.int().nullable(),
      alias: z.string().nullable(),
    }),
    z.object({ type: z.literal('builtin'), name: z.string() }),
  ]),
  description: z.string(),
  input_schema: jsonObject,
  hash: z.string(),
  effect,
  approval: z.boolean(),
});

export const agentVersionResource = z
  .object({
    id: z.uuid(),
    agent: z.string(),
    number: z.int().positive(),
    description: z.string(),
    model: z.object({
      name: z.string(),
      fallbacks: z.array(z.string()),
      max_output_tokens: z.int(),
      prices: prices.nullable(),
    }),
    tools: z.array(agentTool),
    limits,
    /** As it was published. */
    spec: jsonObject,
  })
  .meta({ id: 'AgentVersion' });
export type AgentVersionResource = z.output<typeof agentVersionResource>;

/** One version, or several with weights for a gradual rollout. */
export const setAliasBody = z.union([
  z.strictObject({ version: versionNumber }),
  z.strictObject({
    versions: z
      .array(z.strictObject({ version: versionNumber, weight: z.int().min(1).max(1_000) }))
      .min(1)
      .max(10)
      .refine((targets) => new Set(targets.map(({ version }) => version)).size === targets.length, {
        error: 'name each version once',
      }),
  }),
]);
export type SetAliasBody = z.input<typeof setAliasBody>;

export const aliasResource = z
  .object({ agent: z.string(), alias: z.string(), targets: z.array(aliasTarget) })
  .meta({ id: 'Alias' });
export type AliasResource = z.output<typeof aliasResource>;

/** A page of an agent's versions, newest first. */
export const versionSummary = z
  .object({ agent: z.string(), number: z.int().positive(), id: z.uuid(), created_at: z.iso.datetime() })
  .meta({ id: 'VersionSummary' });
export type VersionSummary = z.output<typeof versionSummary>;
export const versionPage = page(versionSummary).meta({ id: 'VersionPage' });
