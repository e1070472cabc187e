import { describe, expect, it } from 'vitest';
import { ModelsFileInvalid, parseModels } from './models-file.ts';
import { quirksOf } from './openai-compatible/quirks.ts';

const problemsOf = (text: string): string[] => {
  try {
    parseModels(text, 'models.yaml', { SET: ' sk-1\n', EMPTY: '' });
  } catch (error) {
    if (error instanceof ModelsFileInvalid) return error.message.split('\n');
    throw error;
  }
  return [];
};

const one = (entry: string): string => `models: { small: { base_url: "http://gpu:8000/v1", model: m, ${entry} } }`;

describe('a models file', () => {
  it('names models, with what is known of them', () => {
    const text = `
models:
  default:
    base_url: http://gpu:8000/v1/
    model: Qwen/Qwen3-8B
    api_key: env:SET
    server: vllm
    prices: { input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.6 }
    context_tokens: 32768
    capabilities: { json_schema: false }
    concurrency: 8
    runs: 20
    quirks: { think_tags: false }
  gpt-5.mini:
    base_url: https://api.openai.com/v1
    model: gpt-5-mini
    api_key: sk-2
    server: openai
`;
    expect(parseModels(text, 'f', { SET: ' sk-1\n' })).toEqual(
      new Map([
        [
          'default',
          {
            baseUrl: 'http://gpu:8000/v1',
            model: 'Qwen/Qwen3-8B',
            apiKey: 'sk-1',
            quirks: { ...quirksOf.vllm, think_tags: false },
            prices: { input_per_mtok: 150_000, output_per_mtok: 600_000 },
            contextTokens: 32_768,
            capabilities: { tools: true, jsonSchema: false },
            concurrency: 8,
            runs: 20,
          },
        ],
        [
          'gpt-5.mini',
          {
            baseUrl: 'https://api.openai.com/v1',
            model: 'gpt-5-mini',
            apiKey: 'sk-2',
            quirks: quirksOf.openai,
            prices: null,
            contextTokens: null,
            capabilities: { tools: true, jsonSchema: true },
            concurrency: null,
            runs: null,
          },
        ],
      ]),
    );
  });

  it('may be JSON, and may name none', () => {
    expect(parseModels('{"models":{"a":{"base_url":"http://x","model":"m"}}}', 'f', {}).get('a')?.model).toBe('m');
    expect(parseModels('models: {}', 'f', {}).size).toBe(0);
  });

  it.each([
    ['', /^models.yaml: the document: /],
    ['models: [', /^models.yaml: neither YAML nor JSON: /],
    ['models: { rehearsal: { base_url: "http://x", model: m } }', /models\.rehearsal: .*always there/],
    ['models: { "a b": { base_url: "http://x", model: m } }', /models\.a b: a name has/],
    ['models: { a: { model: m } }', /models\.a\.base_url: /],
    ['models: { a: { base_url: "gpu:8000", model: m } }', /models\.a\.base_url: must be a URL/],
    ['models: { a: { base_url: "http://u:hunter2@gpu", model: m } }', /models\.a\.base_url: must be a URL/],
    [one('api_key: "env:UNSET"'), /models\.small\.api_key: the variable .* not set/],
    [one('api_key: "env:EMPTY"'), /models\.small\.api_key: the variable .* not set/],
    [one('prices: { input_usd_per_mtok: 1 }'), /models\.small\.prices\.output_usd_per_mtok: /],
    [one('server: gpt'), /models\.small\.server: /],
    [one('concurrency: 0'), /models\.small\.concurrency: /],
    [one('apikey: hunter2'), /models\.small: .*apikey/],
  ])('that says %s is refused in one line, which shows no key', (text, line) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(line);
    expect(problems[0]).not.toContain('hunter2');
  });

  it('is refused with everything that is wrong', () => {
    expect(problemsOf(one('server: gpt, concurrency: 0, context_tokens: -1'))).toHaveLength(3);
  });
});
