import type { ModelDelta } from '@holdfast/contracts';
import { describeProgram, type LlamaServer, startLlama } from '@holdfast/testing/servers';
import { createParser } from 'eventsource-parser';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './support/server.ts';

interface Message {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

describeProgram('llama', 'a real model', (home) => {
  let llama: LlamaServer;
  let server: TestServer;
  let key: string;
  beforeAll(async () => {
    llama = await startLlama(home);
    const environment = { MODEL_BASE_URL: llama.url, MODEL_DEFAULT: 'SmolLM2-135M-Instruct' };
    server = await startServer('pglite://memory', { environment });
    ({ key } = await server.tenant('real'));
  }, 180_000);
  afterAll(async () => {
    await server?.close();
    await llama?.stop();
  });

  async function start(name: string, tokens: number, extra: object = {}): Promise<string> {
    const published = await server.ask(key, 'POST', '/v1/agents', {
      name,
      model: { name: 'default', temperature: 0, max_output_tokens: tokens },
      context: { max_tokens: 500 },
      // A busy machine says a word in seconds.
      retries: { timeout: '10m' },
      ...extra,
    });
    expect(published.status).toBe(201);
    return String((await server.ask(key, 'POST', '/v1/runs', { agent: name, input: 'Say hello.' })).json['id']);
  }

  /** The messages of the run's stream, words included, until its end; `seen` is told each as it comes. */
  async function listen(run: string, seen: (message: Message) => void = () => undefined): Promise<Message[]> {
    const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
    const { body } = await fetch(`${server.url}/v1/runs/${run}/events?deltas=true`, { headers });
    if (body === null) throw new Error('the stream has no body');
    const messages: Message[] = [];
    const parser = createParser({
      onEvent: ({ event = '', data }) => {
        const message = { event, data: JSON.parse(data) as Record<string, unknown> };
        messages.push(message);
        seen(message);
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of body) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    return messages;
  }

  const dataOf = (messages: readonly Message[], type: string): Record<string, unknown> =>
    (messages.find(({ event }) => event === type)?.data['data'] ?? {}) as Record<string, unknown>;
  const wordsOf = (messages: readonly Message[]): string =>
    messages
      .filter(({ event }) => event === 'delta')
      .map(({ data }) => (data as unknown as ModelDelta).text)
      .join('');

  test('says its answer word by word; together the words are what is recorded, with its usage', async () => {
    const messages = await listen(await start('speaker', 24));
    const answer = dataOf(messages, 'model.answered');
    const words = wordsOf(messages);
    expect(words.length).toBeGreaterThan(0);
    expect(answer['content']).toEqual([{ type: 'text', text: words }]);
    expect(answer['model']).toContain('SmolLM2');
    const usage = answer['usage'] as { input_tokens: number; output_tokens: number };
    expect(usage.input_tokens).toBeGreaterThan(5);
    expect(usage.output_tokens).toBeGreaterThan(0);
    expect(usage.output_tokens).toBeLessThanOrEqual(24);
    expect(messages.filter(({ event }) => event === 'delta').length).toBeGreaterThan(1);
    expect(messages.at(-1)?.event).toBe('run.succeeded');
  }, 300_000);

  test('is held to the schema of the answer', async () => {
    const schema = {
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
      additionalProperties: false,
    };
    const run = await start('fitting', 48, { output: { schema } });
    await listen(run);
    const { json } = await server.ask(key, 'GET', `/v1/runs/${run}`);
    expect(json['status']).toBe('succeeded');
    expect(json['output_value']).toEqual({ ok: expect.any(Boolean) as boolean });
  }, 300_000);

  test('stops when the run is cancelled, and what it had said is kept', async () => {
    const run = await start('endless', 1_400, { instructions: 'Tell a very long story, and do not end it.' });
    const asked: Promise<unknown>[] = [];
    const messages = await listen(run, ({ event }) => {
      if (event === 'delta' && asked.length === 0) asked.push(server.ask(key, 'POST', `/v1/runs/${run}/cancel`, {}));
    });
    await Promise.all(asked);
    expect(messages.at(-1)?.event).toBe('run.cancelled');
    expect(dataOf(messages, 'model.interrupted')['content']).toEqual([{ type: 'text', text: wordsOf(messages) }]);
    const deadline = Date.now() + 60_000;
    while (await llama.busy()) {
      if (Date.now() > deadline) throw new Error('the server still works on the answer');
      await sleep(50);
    }
  }, 300_000);
});
