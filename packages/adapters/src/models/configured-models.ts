import type { Config } from '@holdfast/contracts';
import type { Redaction } from '@holdfast/core';
import { ModelCatalog, type NamedModel, rehearsalCatalog } from './catalog.ts';
import { HealthProbe } from './health-probe.ts';
import { type ModelSettings, ModelsFileInvalid, readModelsFile } from './models-file.ts';
import { type ModelClient, modelClient } from './openai-compatible/client.ts';
import { OpenAICompatibleModel } from './openai-compatible/openai-compatible-model.ts';
import { quirksOf } from './openai-compatible/quirks.ts';
import { REHEARSAL, rehearsalFacts, RehearsalModel } from './rehearsal.ts';

/** The models of one process, and their connections. */
export interface ConfiguredModels {
  readonly catalog: ModelCatalog;
  close(): Promise<void>;
}

/**
 * What MODEL_BASE_URL and MODELS_FILE name, and the rehearsal model; without either, `default` is the rehearsal model
 * too. `redaction` is told their keys. @throws ModelsFileInvalid.
 */
export async function configuredModels(
  { models, secrets }: Pick<Config, 'models' | 'secrets'>,
  redaction: Pick<Redaction, 'addForAll'>,
): Promise<ConfiguredModels> {
  const named = new Map(models.file === null ? [] : await readModelsFile(models.file, secrets.environment));
  if (models.one !== null) {
    if (named.has('default'))
      throw new ModelsFileInvalid(`${models.file}: models.default: MODEL_BASE_URL names it too; remove one of them`);
    named.set('default', plainSettings(models.one, secrets.modelApiKey));
  }
  if (named.size === 0) return { catalog: rehearsalCatalog(), close: () => Promise.resolve() };
  for (const [name, { apiKey }] of named) if (apiKey !== null) redaction.addForAll(`model-key:${name}`, apiKey);
  const client = modelClient();
  const catalog = new ModelCatalog(
    new Map([
      ...[...named].map(([name, settings]) => [name, namedModel(settings, client)] as const),
      [REHEARSAL, { model: new RehearsalModel(), facts: rehearsalFacts, probe: null }],
    ]),
  );
  return { catalog, close: () => client.close() };
}

const plainSettings = (
  { baseUrl, model }: NonNullable<Config['models']['one']>,
  apiKey: string | null,
): ModelSettings => ({
  baseUrl,
  model,
  apiKey,
  quirks: quirksOf.other,
  prices: null,
  contextTokens: null,
  capabilities: { tools: true, jsonSchema: true },
  concurrency: null,
  runs: null,
});

function namedModel(settings: ModelSettings, client: ModelClient): NamedModel {
  const { baseUrl, model, apiKey, quirks, prices, contextTokens, capabilities, concurrency, runs } = settings;
  return {
    model: new OpenAICompatibleModel({ baseUrl, model, apiKey, capabilities, quirks, client }),
    facts: { kind: 'openai-compatible', prices, contextTokens, capabilities, concurrency, runs },
    probe: new HealthProbe({ baseUrl, model, apiKey, fetch: client.fetch, now: Date.now }),
  };
}
