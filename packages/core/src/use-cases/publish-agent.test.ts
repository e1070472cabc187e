import type { HoldfastError } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { version } from '../run/testing/versions.ts';
import type { ModelFacts } from './model-catalogue.ts';
import { publishAgent } from './publish-agent.ts';

const prices = { input_per_mtok: 1, output_per_mtok: 2 };
const ports = {
  models: {
    names: () => ['default', 'second', 'free', 'small', 'mute'],
    facts: (name: string): ModelFacts | undefined =>
      name === 'gpt'
        ? undefined
        : {
            kind: 'openai-compatible',
            prices: name === 'free' ? null : prices,
            contextTokens: name === 'small' ? 4_096 : null,
            capabilities: { tools: name !== 'mute', jsonSchema: true },
            concurrency: null,
            runs: null,
          },
    health: () => Promise.resolve({ status: 'unknown', detail: null, checkedAt: null } as const),
  },
  tools: {
    names: () => Promise.resolve([]),
    list: () => Promise.resolve([]),
    lastListing: () => Promise.resolve(null),
  },
  agents: {
    get: (_: unknown, name: string) =>
      Promise.resolve(
        name === 'other'
          ? { name, latest: 2, description: 'Helps.', aliases: { prod: [{ version: 1, weight: 1 }] }, createdAt: 1 }
          : null,
      ),
    version: (_: unknown, agent: string, number: number) =>
      Promise.resolve(agent === 'other' && number <= 2 ? { version: version({ number }), spec: {} } : null),
  },
};
const publish = (spec: object) => publishAgent(ports, { tenant: 'acme' }, { name: 'a', ...spec });
const refusal = (spec: object): Promise<HoldfastError> =>
  publish(spec).then(
    () => Promise.reject(new Error('it was published')),
    (error: unknown) => error as HoldfastError,
  );

describe('publishing an agent', () => {
  it('pins the prices of the model and of each fallback', async () => {
    const { draft, hash } = await publish({ model: { fallbacks: ['second', 'free'] } });
    expect(draft.model).toMatchObject({
      prices,
      fallbacks: [
        { name: 'second', prices },
        { name: 'free', prices: null },
      ],
    });
    expect(hash).not.toBe((await publish({ model: { fallbacks: ['free', 'second'] } })).hash);
  });

  it('fits the context of each model, to the token', async () => {
    const spec = (max_tokens: number) => ({
      model: { fallbacks: ['small'], max_output_tokens: 96 },
      context: { max_tokens },
    });
    expect((await publish(spec(4_000))).draft.context.max_tokens).toBe(4_000);
    const problem = await refusal(spec(4_001));
    expect(problem).toMatchObject({ code: 'context_too_large' });
    expect(problem.message).toContain('4097');
  });

  it('gives no tools to a model that cannot call them', async () => {
    expect((await publish({ model: { name: 'mute' } })).draft.model.name).toBe('mute');
    expect(await refusal({ model: { name: 'mute' }, tools: [{ builtin: 'wait' }] })).toMatchObject({
      code: 'model_without_tools',
    });
  });

  it('knows every fallback', async () => {
    const problem = await refusal({ model: { fallbacks: ['second', 'gpt'] } });
    expect(problem).toMatchObject({ code: 'model_unknown' });
    expect(problem.message).toContain('gpt');
  });

  it('needs a price for every model when money is limited', async () => {
    expect(await refusal({ model: { fallbacks: ['free'] }, limits: { cost_usd: 1 } })).toMatchObject({
      code: 'price_unknown',
    });
    const { draft } = await publish({ model: { fallbacks: ['second'] }, limits: { cost_usd: 1 } });
    expect(draft.limits.cost_usd_micros).toBe(1_000_000);
  });

  it('keeps the output schema, and refuses one that cannot be used', async () => {
    const schema = { type: 'object' };
    expect((await publish({ output: { schema } })).draft.output).toEqual({ schema });
    expect(await refusal({ output: { schema: { type: 'objekt' } } })).toMatchObject({ code: 'validation_failed' });
  });

  it('makes an agent a tool of its name, with what it says of itself', async () => {
    const { draft } = await publish({ description: 'Me.', tools: [{ agent: 'other', alias: 'prod' }, { agent: 'a' }] });
    expect(draft.tools).toMatchObject([
      {
        name: 'other',
        description: 'Helps.',
        effect: 'idempotent',
        source: { type: 'agent', agent: 'other', version: null, alias: 'prod' },
      },
      { name: 'a', description: 'Me.', source: { type: 'agent', agent: 'a', version: null, alias: null } },
    ]);
  });

  it.each([
    [{ agent: 'nobody' }, 'agent_not_found', '/tools/0/agent'],
    [{ agent: 'other', version: 3 }, 'version_not_found', '/tools/0/version'],
    [{ agent: 'other', alias: 'test' }, 'alias_not_found', '/tools/0/alias'],
    [{ agent: 'a', version: 1 }, 'version_not_found', '/tools/0/version'],
  ])('refuses %j: %s', async (tool, code, path) => {
    expect(await refusal({ tools: [tool] })).toMatchObject({ code, errors: [{ path }] });
  });
});
