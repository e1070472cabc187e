import {
  type AgentSpec,
  agentSpec,
  type ErrorCode,
  type HoldfastError,
  type JsonObject,
  type Limits,
  type Prices,
  type ProblemError,
} from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import { hashOf } from '../run/hash.ts';
import { schemaProblem } from '../run/json-schema.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { VersionDraft } from './agent-store.ts';
import { issuesOf } from './issues-of.ts';
import type { ListingPorts } from './list-tool-server.ts';
import type { ModelCatalogue } from './model-catalogue.ts';
import { modelMisfit } from './model-fit.ts';
import { publishedTools } from './published-tools.ts';
import { refused } from './refused.ts';
import { unavailableFeatures } from './unavailable-features.ts';

export interface PublishPorts extends ListingPorts {
  readonly models: ModelCatalogue;
}

/** What `AgentStore.publish` takes. The hash covers the spec, the tools as listed and the prices. */
export interface Publication {
  readonly draft: VersionDraft;
  readonly spec: JsonObject;
  readonly hash: string;
}

/**
 * Checks a spec against what this installation can run, and pins its tools and prices. `offline`: for a tool server that
 * does not answer, what it offered before is taken.
 * @throws HoldfastError `agent_feature_unavailable`, `validation_failed`, `model_unknown`, `limit_too_low`,
 * those of `modelMisfit`,
 * and the codes of `publishedTools`.
 */
export async function publishAgent(
  ports: PublishPorts,
  scope: TenantScope,
  body: unknown,
  { offline = false }: { readonly offline?: boolean } = {},
): Promise<Publication> {
  const unavailable = unavailableFeatures(body);
  if (unavailable.length > 0) throw refused('agent_feature_unavailable', summary(unavailable), unavailable);
  const parsed = agentSpec.safeParse(body);
  if (!parsed.success) {
    const issues = issuesOf(parsed.error);
    throw refused('validation_failed', `The agent does not fit its schema. ${summary(issues)}`, issues);
  }
  const spec = parsed.data;
  const misfit = spec.output === undefined ? null : schemaProblem(spec.output.schema);
  if (misfit !== null) throw wrongAt('validation_failed', '/output/schema', misfit);
  const { prices, fallbacks } = modelsOf(ports.models, spec);
  const tools = await publishedTools(ports, scope, spec, offline);
  const limits = limitsOf(spec);
  const longest = Math.max(spec.retries.timeout, ...tools.map((tool) => tool.retries.timeout));
  if (limits.active_ms < longest)
    throw wrongAt(
      'limit_too_low',
      '/limits/active_time',
      `active_time is ${limits.active_ms} ms; it must be at least the longest call time-out, ${longest} ms`,
    );
  const { name, description, instructions, model, retries, context } = spec;
  const draft: VersionDraft = {
    id: uuidv7(),
    agent: name,
    description,
    instructions,
    model: {
      name: model.name,
      temperature: model.temperature ?? null,
      max_output_tokens: model.max_output_tokens,
      prices,
      fallbacks,
    },
    tools,
    limits,
    retries,
    context,
    output: spec.output ?? null,
    concurrency: spec.concurrency ?? null,
    rehearsal: spec.rehearsal ?? null,
  };
  // Parsed from JSON or YAML by the edge, and fits the schema: an object.
  return { draft, spec: body as JsonObject, hash: hashOf({ spec, tools, prices, fallbacks }) };
}

/** Each model that may be called, with the prices of today. */
function modelsOf(
  models: ModelCatalogue,
  spec: AgentSpec,
): { prices: Prices | null; fallbacks: { name: string; prices: Prices | null }[] } {
  const priced = (name: string, path: string): Prices | null => {
    const facts = models.facts(name);
    if (facts === undefined)
      throw wrongAt('model_unknown', path, `there is no model ${name}; known: ${models.names().join(', ')}`);
    const misfit = modelMisfit(name, path, facts, spec);
    if (misfit !== null) throw wrongAt(misfit.code, misfit.path, misfit.message);
    return facts.prices;
  };
  const { model } = spec;
  return {
    prices: priced(model.name, '/model/name'),
    fallbacks: model.fallbacks.map((name, index) => ({ name, prices: priced(name, `/model/fallbacks/${index}`) })),
  };
}

function limitsOf({ limits }: AgentSpec): Limits {
  const micros = limits.cost_usd === undefined ? null : Math.round(limits.cost_usd * 1_000_000);
  return {
    steps: limits.steps,
    tokens: limits.tokens,
    cost_usd_micros: micros === null ? null : Math.max(1, micros),
    active_ms: limits.active_time,
    deadline_ms: limits.deadline,
  };
}

const summary = (issues: readonly ProblemError[]): string =>
  issues
    .slice(0, 3)
    .map(({ path, message }) => `${path}: ${message}`)
    .join('; ');

const wrongAt = (code: ErrorCode, path: string, message: string): HoldfastError =>
  refused(code, message, [{ path, message }]);
