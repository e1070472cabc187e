import { readFile } from 'node:fs/promises';
import type { Environment, Prices } from '@holdfast/contracts';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Quirks, quirksOf, serverKinds } from './openai-compatible/quirks.ts';

/** A model as it is configured. */
export interface ModelSettings {
  readonly baseUrl: string;
  /** The model's name at the server. */
  readonly model: string;
  readonly apiKey: string | null;
  readonly quirks: Quirks;
  readonly prices: Prices | null;
  readonly contextTokens: number | null;
  readonly capabilities: { readonly tools: boolean; readonly jsonSchema: boolean };
  readonly concurrency: number | null;
  readonly runs: number | null;
}

/** One line per problem: file, key, what is wrong. Keys and other values are never shown. */
export class ModelsFileInvalid extends Error {
  override readonly name = 'ModelsFileInvalid';
  readonly code = 'models_file_invalid';
}

const FROM_ENVIRONMENT = 'env:';

const name = z.string().regex(/^(?!rehearsal$)[A-Za-z0-9][\w.:/-]{0,199}$/, {
  error: 'a name has letters, digits and _ . : / -, and is not rehearsal, which is always there',
});

const baseUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:\/\/[^?#@]+$/.test(value), {
    error: 'must be a URL that begins with http:// or https://, without user, ? and #',
  })
  .transform((value) => value.replace(/\/+$/, ''));

const usd = z.number().nonnegative().max(1_000_000);

const modelEntry = z.strictObject({
  base_url: baseUrl,
  model: z.string().min(1).max(200),
  /** Itself, or `env:NAME`. */
  api_key: z.string().min(1).optional(),
  server: z.enum(serverKinds).default('other'),
  /** Dollars for a million tokens. */
  prices: z.strictObject({ input_usd_per_mtok: usd, output_usd_per_mtok: usd }).optional(),
  context_tokens: z.int().positive().optional(),
  capabilities: z
    .strictObject({ tools: z.boolean().default(true), json_schema: z.boolean().default(true) })
    .prefault({}),
  concurrency: z.int().positive().max(100_000).optional(),
  runs: z.int().positive().max(100_000).optional(),
  /** Instead of what is known of the kind of server. */
  quirks: z
    .strictObject({
      max_tokens_field: z.enum(['max_tokens', 'max_completion_tokens']).optional(),
      schema_beside_tools: z.boolean().optional(),
      think_tags: z.boolean().optional(),
    })
    .default({}),
});

const modelsFile = z.strictObject({ models: z.record(name, modelEntry) });

const example = 'models: { default: { base_url: "http://127.0.0.1:8000/v1", model: "Qwen/Qwen3-8B" } }';

/** @throws ModelsFileInvalid. */
export async function readModelsFile(
  file: string,
  environment: Environment,
): Promise<ReadonlyMap<string, ModelSettings>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ModelsFileInvalid(`${file}: cannot be read: ${messageOf(error)}`);
  }
  return parseModels(text, file, environment);
}

/**
 * @param file its path, for messages
 * @throws ModelsFileInvalid.
 */
export function parseModels(text: string, file: string, environment: Environment): ReadonlyMap<string, ModelSettings> {
  let raw: unknown;
  try {
    raw = parse(text, { maxAliasCount: 0, prettyErrors: false });
  } catch (error) {
    throw new ModelsFileInvalid(`${file}: neither YAML nor JSON: ${messageOf(error)}; example: ${example}`);
  }
  const parsed = modelsFile.safeParse(raw);
  if (!parsed.success) {
    throw new ModelsFileInvalid(parsed.error.issues.map((issue) => problemLine(file, issue)).join('\n'));
  }
  const problems: string[] = [];
  const models = new Map(
    Object.entries(parsed.data.models).map(([key, entry]) => {
      const apiKey = keyOf(entry.api_key, environment);
      if (apiKey === undefined)
        problems.push(`${file}: models.${key}.api_key: the variable that it names is not set in the environment`);
      return [key, settingsOf(entry, apiKey ?? null)] as const;
    }),
  );
  if (problems.length > 0) throw new ModelsFileInvalid(problems.join('\n'));
  return models;
}

function settingsOf(entry: z.output<typeof modelEntry>, apiKey: string | null): ModelSettings {
  const { prices, capabilities, quirks } = entry;
  const { max_tokens_field, schema_beside_tools, think_tags } = quirks;
  const known = quirksOf[entry.server];
  return {
    baseUrl: entry.base_url,
    model: entry.model,
    apiKey,
    quirks: {
      max_tokens_field: max_tokens_field ?? known.max_tokens_field,
      schema_beside_tools: schema_beside_tools ?? known.schema_beside_tools,
      think_tags: think_tags ?? known.think_tags,
    },
    prices:
      prices === undefined
        ? null
        : { input_per_mtok: micros(prices.input_usd_per_mtok), output_per_mtok: micros(prices.output_usd_per_mtok) },
    contextTokens: entry.context_tokens ?? null,
    capabilities: { tools: capabilities.tools, jsonSchema: capabilities.json_schema },
    concurrency: entry.concurrency ?? null,
    runs: entry.runs ?? null,
  };
}

const micros = (dollars: number): number => Math.round(dollars * 1_000_000);

/** null = none is needed; undefined = its variable is not set. */
function keyOf(given: string | undefined, environment: Environment): string | null | undefined {
  if (given === undefined) return null;
  if (!given.startsWith(FROM_ENVIRONMENT)) return given;
  return environment[given.slice(FROM_ENVIRONMENT.length)]?.trim() || undefined;
}

function problemLine(file: string, issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  // The reason why a key of `models` is refused stands in the issue of the key itself.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return `${file}: ${path === '' ? 'the document' : path}: ${message}; example: ${example}`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
