import { z } from 'zod';
import { limits, prices } from '../agent/limits.ts';
import { effect } from '../event/event-data.ts';
import { jsonObject } from '../json.ts';
import { versionNumber } from './numbers.ts';
import { page } from './page.ts';

export const agentName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and dashes, beginning with a letter',
});

export const aliasName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and dashes, beginning with a letter',
});

export const agentSummary = z
  .object({
    name: z.string(),
    /** Number of the newest version. */
    latest: z.int().positive(),
    aliases: z.record(z.string(), z.int().positive()),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Agent' });
export type AgentResource = z.output<typeof agentSummary>;

export const agentPage = page(agentSummary);

/** A published tool as the model sees it. */
export const agentTool = z.object({
  name: z.string(),
  source: z.discriminatedUnion('type', [
    z.object({ type: z.literal('mcp'), server: z.string(), tool: z.string() }),
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
    model: z.object({ name: z.string(), max_output_tokens: z.int(), prices: prices.nullable() }),
    tools: z.array(agentTool),
    limits,
    /** As it was published. */
    spec: jsonObject,
  })
  .meta({ id: 'AgentVersion' });
export type AgentVersionResource = z.output<typeof agentVersionResource>;

export const setAliasBody = z.strictObject({ version: versionNumber });
export type SetAliasBody = z.input<typeof setAliasBody>;
