import { z } from 'zod';
import { prices } from '../agent/limits.ts';
import { page, pageQuery } from './page.ts';

/** A model under the name that agents use. */
export const modelResource = z
  .object({
    name: z.string(),
    kind: z
      .enum(['rehearsal', 'openai-compatible'])
      .describe('The rehearsal model follows a plan; it is no language model.'),
    prices: prices.nullable(),
    context_tokens: z.int().positive().nullable().describe('Prompt and answer together, tokens; null: not said.'),
    /** `json_schema`: its server can hold an answer to a schema; else the schema is told in words. */
    capabilities: z.object({ tools: z.boolean(), json_schema: z.boolean() }),
    concurrency: z.int().positive().nullable().describe('Calls at once from one worker; null: no limit.'),
    runs: z
      .int()
      .positive()
      .nullable()
      .describe('Runs at once whose version names it, of all tenants and workers together; null: no limit.'),
    health: z.object({
      status: z.enum(['ok', 'unreachable', 'unknown']),
      detail: z.string().nullable(),
      checked_at: z.iso.datetime().nullable(),
    }),
  })
  .meta({ id: 'Model' });
export type ModelResource = z.output<typeof modelResource>;

export const modelPricesQuery = z.strictObject({
  model: z.string().min(1).max(200).optional().describe('Of this one alone.'),
  ...pageQuery.shape,
});

/** One version of a model's prices. It never changes: calls name it. */
export const modelPrice = z
  .object({
    model: z.string(),
    version: z.int().positive(),
    prices,
    valid_from: z.iso.datetime().describe('For calls that begin from then on, until the next version.'),
  })
  .meta({ id: 'ModelPrice' });
export type ModelPrice = z.output<typeof modelPrice>;

export const modelPricePage = page(modelPrice);

export const modelPage = z.object({ items: z.array(modelResource) });
