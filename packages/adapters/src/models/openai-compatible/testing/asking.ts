import type { AgentVersion, PublishedTool } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import type { ModelRequest, PromptMessage } from '@holdfast/core';
import type { ModelClient } from '../client.ts';
import { OpenAICompatibleModel, type OpenAICompatibleOptions } from '../openai-compatible-model.ts';
import { quirksOf, type ServerKind } from '../quirks.ts';
import type { ModelServer } from './model-server.ts';

export const unaborted: AbortSignal = new AbortController().signal;

const retries = { attempts: 1, first: 1, factor: 1, max: 1, timeout: 60_000 };
export const weather: PublishedTool = {
  name: 'weather',
  source: { type: 'mcp', server: 's', tool: 'weather' },
  description: 'The weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  hash: 'h',
  effect: 'read',
  approval: null,
  retries,
};

export function version(over: Partial<AgentVersion> = {}): AgentVersion {
  return {
    id: '0198f6a0-0000-7000-8000-000000000001',
    agent: 'a',
    number: 1,
    description: '',
    instructions: '',
    model: { name: 'default', temperature: 0.2, max_output_tokens: 50, prices: null, fallbacks: [] },
    tools: [],
    limits: { steps: 10, tokens: 1_000, cost_usd_micros: null, active_ms: 1_000, deadline_ms: 1_000 },
    retries,
    context: { max_tokens: 1_000, keep: 'last-turns', then: 'drop' },
    output: null,
    concurrency: null,
    rehearsal: null,
    ...over,
  };
}

export const hello: PromptMessage[] = [{ role: 'user', block: 0, content: text('Hello') }];

export const request = (
  messages: readonly PromptMessage[] = hello,
  over: Partial<AgentVersion> = {},
): ModelRequest => ({
  version: version(over),
  model: 'default',
  purpose: 'answer',
  messages,
  answers: 0,
  maxOutputTokens: 40,
  attempt: 1,
});

export const modelAt = (
  { server, client }: Playing,
  kind: ServerKind = 'openai',
  over: Partial<OpenAICompatibleOptions> = {},
): OpenAICompatibleModel =>
  new OpenAICompatibleModel({
    baseUrl: server.url,
    model: 'wanted-model',
    apiKey: 'sk-secret',
    capabilities: { tools: true, jsonSchema: true },
    quirks: quirksOf[kind],
    client,
    ...over,
  });

export interface Playing {
  readonly server: ModelServer;
  readonly client: ModelClient;
}
