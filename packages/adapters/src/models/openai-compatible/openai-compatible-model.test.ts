import type { ModelOutcome, PromptMessage } from '@holdfast/core';
import { text } from '@holdfast/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ModelClient, modelClient } from './client.ts';
import type { OpenAICompatibleOptions } from './openai-compatible-model.ts';
import type { ServerKind } from './quirks.ts';
import { hello, modelAt, request, unaborted, version, weather } from './testing/asking.ts';
import { type ModelServer, modelServer, refuses, says, streams, tooLong, word } from './testing/model-server.ts';

let server: ModelServer;
let client: ModelClient;
beforeAll(async () => {
  server = await modelServer();
  client = modelClient();
});
afterAll(async () => {
  await client.close();
  await server.close();
});
afterEach(() => void server.asked.splice(0));

const answerSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };

async function ask(
  kind: ServerKind = 'openai',
  asked = request(),
  over: Partial<OpenAICompatibleOptions> = {},
): Promise<{ outcome: ModelOutcome; deltas: string[] }> {
  const deltas: string[] = [];
  const outcome = await modelAt({ server, client }, kind, over).call(
    asked,
    unaborted,
    (piece) => void deltas.push(piece),
  );
  return { outcome, deltas };
}

describe('what servers send', () => {
  const paris = { id: expect.any(String) as string, name: 'weather', arguments: { city: 'Paris' } };
  const lyon = { ...paris, arguments: { city: 'Lyon' } };

  it.each([
    [
      'llama.cpp',
      'llama.cpp-text.sse',
      {
        content: [{ type: 'text', text: expect.stringMatching(/^Hello/) as string }],
        toolCalls: [],
        finishReason: 'length',
        usage: { input_tokens: 33, output_tokens: 6, cached_tokens: expect.any(Number) as number },
        model: 'SmolLM2-135M-Instruct.Q4_1.gguf',
      },
    ],
    [
      'llama.cpp',
      'llama.cpp-schema.sse',
      {
        content: [{ type: 'text', text: expect.stringMatching(/^\{\s*"ok"\s*:\s*(true|false)\s*\}$/) as string }],
        finishReason: 'stop',
      },
    ],
    [
      'vllm',
      'vllm-tools.sse',
      {
        content: [],
        toolCalls: [paris, lyon],
        finishReason: 'tool-calls',
        usage: { input_tokens: 184, output_tokens: 46, cached_tokens: 160 },
        model: 'Qwen/Qwen3-8B',
      },
    ],
    [
      'vllm',
      'vllm-think-tags.sse',
      { content: text('Hello!'), finishReason: 'stop', usage: { input_tokens: 12, output_tokens: 18 } },
    ],
    [
      'ollama',
      'ollama-tools.sse',
      {
        content: [],
        toolCalls: [paris, lyon],
        finishReason: 'tool-calls',
        usage: { input_tokens: 210, output_tokens: 61 },
        model: 'qwen3:8b',
      },
    ],
    [
      'openai',
      'openai-tools.sse',
      {
        content: text('One moment.'),
        toolCalls: [paris, { ...paris, arguments: {}, invalid: '{"city":"Ly' }],
        usage: { input_tokens: 82, output_tokens: 17, cached_tokens: 64 },
        model: 'gpt-5-mini-2025-08-07',
      },
    ],
  ] as const)('by %s, as in %s, is understood, however it is cut into packets', async (kind, name, expected) => {
    for (const size of [1_000_000, 1_000, 17]) {
      server.plays(streams(name, size));
      const { outcome, deltas } = await ask(kind);
      expect(outcome).toMatchObject({ type: 'answered', ...expected });
      if (outcome.type !== 'answered') return;
      expect(deltas.join('')).toBe(outcome.content.map((part) => (part.type === 'text' ? part.text : '')).join(''));
      expect(new Set(outcome.toolCalls.map(({ id }) => id)).size).toBe(outcome.toolCalls.length);
    }
  });

  it('is no answer without its end', async () => {
    server.plays(says([word('Half an')], 'end'));
    expect((await ask()).outcome).toMatchObject({ type: 'failed', class: 'transient' });
    server.plays(says([word('Half an')], 'cut'));
    expect((await ask()).outcome).toMatchObject({ type: 'failed', class: 'transient' });
  });

  it('may lack the usage', async () => {
    server.plays(says([word('Hi', 'stop'), '[DONE]']));
    expect((await ask()).outcome).toMatchObject({ type: 'answered', usage: null, model: 'real-model' });
  });

  it('may be an error in the middle of the stream', async () => {
    server.plays(says([word('Hi'), { error: { message: 'out of memory', type: 'server_error', code: 500 } }]));
    expect((await ask()).outcome).toMatchObject({
      type: 'failed',
      class: 'transient',
      message: 'the model server broke off: out of memory',
    });
  });

  it('may be no stream at all', async () => {
    for (const body of ['<html>hello</html>', '{"choices":[]}', '']) {
      server.plays(refuses(200, body));
      expect((await ask()).outcome).toMatchObject({ type: 'failed', class: 'transient' });
    }
    server.plays(says(['{"choices": 3}']));
    expect((await ask()).outcome).toMatchObject({ type: 'failed', class: 'transient' });
  });
});

describe('what is sent', () => {
  const sent = () => server.asked[0]?.body ?? {};
  const play = () => server.plays(says([word('ok', 'stop'), '[DONE]']));

  it('is the conversation, the limits and the tools', async () => {
    play();
    const call = { id: 'c1', name: 'weather', arguments: { city: 'Paris' } };
    const broken = { id: 'c2', name: 'weather', arguments: {}, invalid: '{"ci' };
    const file = {
      type: 'artifact',
      digest: 'd',
      size: 90_000,
      media_type: 'text/plain',
      name: 'a.txt',
      preview: 'It',
    } as const;
    const messages: PromptMessage[] = [
      { role: 'system', block: 0, text: 'Be brief.' },
      { role: 'user', block: 0, content: text('Weather?') },
      { role: 'user', block: 3, content: text('In Paris.') },
      { role: 'assistant', block: 5, content: text('Looking.'), toolCalls: [call, broken] },
      { role: 'tool', block: 5, id: 'c1', name: 'weather', content: [...text('rain'), file], isError: false },
      { role: 'tool', block: 5, id: 'c2', name: 'weather', content: text('not JSON'), isError: true },
      { role: 'assistant', block: 9, content: [], toolCalls: [] },
    ];
    await ask('vllm', request(messages, { tools: [weather] }));
    const { name, description, input_schema } = weather;
    const toolCall = (id: string, args: string) => ({
      id,
      type: 'function',
      function: { name: 'weather', arguments: args },
    });
    expect(sent()).toEqual({
      model: 'wanted-model',
      max_tokens: 40,
      temperature: 0.2,
      stream: true,
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: { name, description, parameters: input_schema } }],
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Weather?\n\nIn Paris.' },
        {
          role: 'assistant',
          content: 'Looking.',
          tool_calls: [toolCall('c1', '{"city":"Paris"}'), toolCall('c2', '{}')],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'rain\n[file a.txt, text/plain, 90000 bytes]\nIt' },
        { role: 'tool', tool_call_id: 'c2', content: 'Error: not JSON' },
      ],
    });
    expect(server.asked[0]).toMatchObject({ method: 'POST', path: '/v1/chat/completions' });
    expect(server.asked[0]?.headers.authorization).toBe('Bearer sk-secret');
  });

  it.each([
    ['openai', true, 'enforced'],
    ['openai', false, 'enforced'],
    ['vllm', false, 'enforced'],
    ['vllm', true, 'told'],
    ['ollama', true, 'told'],
    ['llama.cpp', true, 'told'],
    ['llama.cpp', false, 'enforced'],
  ] as const)('to %s with tools: %s, has the schema of the answer %s', async (kind, tools, how) => {
    play();
    const schema = { schema: answerSchema };
    await ask(kind, request(hello, { output: schema, tools: tools ? [weather] : [] }));
    const told = JSON.stringify(sent()['messages']).includes('JSON Schema');
    const format = { type: 'json_schema', json_schema: { name: 'answer', strict: false, schema: answerSchema } };
    expect([told, sent()['response_format']]).toEqual(how === 'told' ? [true, undefined] : [false, format]);
  });

  it('tells a schema in words to a model that cannot be held to one, and names no tools to one without', async () => {
    play();
    await ask('openai', request(hello, { output: { schema: answerSchema }, tools: [weather] }), {
      capabilities: { tools: false, jsonSchema: false },
    });
    expect(sent()['response_format']).toBeUndefined();
    expect(sent()['tools']).toBeUndefined();
    expect(JSON.stringify(sent()['messages'])).toContain('JSON Schema');
  });

  it('calls for a summary in free words, without a tool being called', async () => {
    play();
    const asked = request(hello, { output: { schema: answerSchema }, tools: [weather] });
    await ask('openai', { ...asked, purpose: 'summary' });
    expect(sent()).toMatchObject({ tool_choice: 'none', tools: [{ function: { name: 'weather' } }] });
    expect(sent()['response_format']).toBeUndefined();
    expect(JSON.stringify(sent()['messages'])).not.toContain('JSON Schema');
  });

  it('bounds the answer in the words of the server, and leaves out what is not set', async () => {
    play();
    await ask('openai', request(hello, { model: { ...version().model, temperature: null } }), { apiKey: null });
    expect(sent()).toMatchObject({ max_completion_tokens: 40 });
    expect(Object.keys(sent())).not.toContain('max_tokens');
    expect(Object.keys(sent())).not.toContain('temperature');
    expect(server.asked[0]?.headers.authorization).toBeUndefined();
  });
});

describe('a refusal', () => {
  const error = { error: { message: 'no, says sk-secret', type: 't' } };

  it.each([
    [400, 'permanent'],
    [401, 'permanent'],
    [403, 'permanent'],
    [404, 'permanent'],
    [422, 'permanent'],
    [408, 'transient'],
    [409, 'transient'],
    [429, 'rate-limited'],
    [500, 'transient'],
    [502, 'transient'],
    [503, 'transient'],
    [529, 'transient'],
  ])('with status %d is %s, in the words of the server without the key', async (status, kind) => {
    server.plays(refuses(status, error));
    expect((await ask()).outcome).toEqual({
      type: 'failed',
      class: kind,
      message: `the model server answered ${status}: no, says ***`,
    });
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '120', 'retry-after': '1' }, 120],
    [{ 'retry-after': new Date(Date.now() - 60_000).toUTCString() }, 0],
    [{ 'retry-after': 'soon' }, undefined],
  ])('for too many requests with %j says when to ask again', async (headers, retryAfterMs) => {
    server.plays(refuses(429, error, headers));
    const { outcome } = await ask();
    expect(outcome).toMatchObject({ type: 'failed', class: 'rate-limited' });
    expect('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  it.each([
    ['llama.cpp', tooLong()],
    ['vLLM', '{"object":"error","message":"This model\'s maximum context length is 4096 tokens. However","code":400}'],
    ['OpenAI', '{"error":{"message":"too long","code":"context_length_exceeded","type":"invalid_request_error"}}'],
  ])('of a prompt that is too long is permanent and says what to do: %s', async (_name, body) => {
    server.plays(refuses(400, body));
    expect((await ask()).outcome).toMatchObject({
      type: 'failed',
      class: 'permanent',
      message: expect.stringMatching(/longer than the model's context: .*lower context.max_tokens/) as string,
    });
  });

  it.each([
    ['{"message":"from vLLM"}', 'from vLLM'],
    ['{"error":"from a proxy"}', 'from a proxy'],
    ['{"detail":"Not Found"}', 'Not Found'],
    ['<h1>Bad gateway</h1>', '<h1>Bad gateway</h1>'],
    ['', 'nothing'],
    ['[3]', '[3]'],
  ])('in the form %s is told', async (body, words) => {
    server.plays(refuses(500, body));
    expect((await ask()).outcome).toMatchObject({ message: `the model server answered 500: ${words}` });
  });

  it('by redirecting is not followed', async () => {
    server.plays(refuses(307, '', { location: 'https://elsewhere.example/v1' }));
    expect((await ask()).outcome).toMatchObject({
      class: 'permanent',
      message: expect.stringContaining('base_url') as string,
    });
    expect(server.asked).toHaveLength(1);
  });

  it('of the connection is not sent', async () => {
    const other = await modelServer();
    await other.close();
    expect((await ask('openai', request(), { baseUrl: other.url })).outcome).toMatchObject({
      type: 'failed',
      class: 'not-sent',
      message: 'the model server cannot be reached: ECONNREFUSED',
    });
    expect((await ask('openai', request(), { baseUrl: 'http://nowhere.invalid/v1' })).outcome).toMatchObject({
      class: 'not-sent',
    });
  });

  it('by hanging up before any answer is transient', async () => {
    server.plays((response) => response.destroy());
    expect((await ask()).outcome).toMatchObject({ type: 'failed', class: 'transient' });
    expect(server.asked).toHaveLength(1);
  });
});
