import type { AgentVersion, RehearsalStep, RequestedCall } from '@holdfast/contracts';
import { rehearsalStep, text } from '@holdfast/contracts';
import type { ModelOutcome, ModelRequest, PromptMessage } from '@holdfast/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { rehearsalCatalog } from './catalog.ts';
import { RehearsalModel } from './rehearsal.ts';

const unaborted = new AbortController().signal;
const unheard = (): void => undefined;

const plan = (...steps: z.input<typeof rehearsalStep>[]): RehearsalStep[] =>
  steps.map((step) => rehearsalStep.parse(step));

const version = (rehearsal: readonly RehearsalStep[] | null): AgentVersion => ({
  id: '01980000-0000-7000-8000-000000000001',
  agent: 'librarian',
  number: 1,
  description: '',
  instructions: '',
  model: { name: 'default', temperature: null, max_output_tokens: 2_000, prices: null, fallbacks: [] },
  tools: [],
  limits: { steps: 200, tokens: 200_000, cost_usd_micros: null, active_ms: 1, deadline_ms: 1 },
  retries: { attempts: 5, first: 1, factor: 2, max: 1, timeout: 1 },
  context: { max_tokens: 60_000, keep: 'last-turns', then: 'drop' },
  output: null,
  concurrency: null,
  rehearsal,
});

const user = (value: string): PromptMessage => ({ role: 'user', block: 0, content: text(value) });

/** An answer with one call, and its result. */
const called = (
  id: string,
  name: string,
  args: RequestedCall['arguments'],
  result: string,
  isError = false,
): PromptMessage[] => [
  { role: 'assistant', block: 4, content: [], toolCalls: [{ id, name, arguments: args }] },
  { role: 'tool', block: 4, id, name, content: text(result), isError },
];

const request = (
  rehearsal: readonly RehearsalStep[] | null,
  messages: readonly PromptMessage[] = [user('Hello')],
  answers = 0,
): ModelRequest => ({
  version: version(rehearsal),
  model: 'default',
  purpose: 'answer',
  messages,
  answers,
  maxOutputTokens: 2_000,
  attempt: 1,
});

async function answer(...args: Parameters<typeof request>): Promise<Extract<ModelOutcome, { type: 'answered' }>> {
  const outcome = await new RehearsalModel().call(request(...args), unaborted, unheard);
  if (outcome.type !== 'answered') throw new Error(`not answered: ${JSON.stringify(outcome)}`);
  return outcome;
}

const said = async (...args: Parameters<typeof request>): Promise<string> => {
  const { content } = await answer(...args);
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
};

describe('the rehearsal model', () => {
  it('takes the step after so many answers, repetitions counted, and says when the plan has ended', async () => {
    const steps = plan({ say: 'one' }, { say: 'two', repeat: 3 }, { say: 'three', repeat: 1_000_000 });
    const words = await Promise.all(
      [0, 1, 2, 3, 4, 1_000_003, 1_000_004].map((answers) => said(steps, [user('')], answers)),
    );
    expect(words).toEqual(['one', 'two', 'two', 'two', 'three', 'three', 'The plan is at its end.']);
  });

  it('answers without a plan, and is called rehearsal', async () => {
    const outcome = await answer(null);
    expect(outcome).toMatchObject({ toolCalls: [], finishReason: 'stop', model: 'rehearsal' });
    expect(await said(null)).toContain('Hello');
  });

  it('gives the same answer to the same request, whoever asks', async () => {
    const steps = plan({
      say: '{{quotes}} {{last}}',
      calls: [{ tool: 'read', args: { path: '{{file}}' }, each: 'file' }],
    });
    const messages = [
      user('x'),
      ...called('c1', 'list_directory', { path: '/d' }, '[FILE] b.md\n[FILE] a.md'),
      ...called('c2', 'read_file', { path: '/d/a.md' }, 'Text.'),
    ];
    const again = structuredClone(messages);
    const first = await answer(steps, messages);
    const model = new RehearsalModel();
    expect(await model.call(request(steps, messages), unaborted, unheard)).toEqual(first);
    expect(await model.call(request(steps, again), unaborted, unheard)).toEqual(first);
    expect(await answer(steps, again)).toEqual(first);
  });

  it('asks for calls under ids that differ from step to step', async () => {
    const steps = plan({ say: 'look', repeat: 2, calls: [{ tool: 'a', args: { n: 1 } }, { tool: 'b' }] });
    const first = await answer(steps);
    expect(first).toMatchObject({ finishReason: 'tool-calls', content: [{ text: 'look' }] });
    expect(first.toolCalls.map(({ name, arguments: args }) => [name, args])).toEqual([
      ['a', { n: 1 }],
      ['b', {}],
    ]);
    const second = await answer(steps, [user('Hello')], 1);
    const ids = [...first.toolCalls, ...second.toolCalls].map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
  });

  it('says nothing when the step says nothing', async () => {
    expect((await answer(plan({ calls: [{ tool: 'a' }] }))).content).toEqual([]);
  });

  it('reports its usage by bytes, a quarter each, and more for a longer transcript', async () => {
    const messages = [user('Grüße')];
    const bytes = Buffer.byteLength(JSON.stringify(messages[0]));
    expect((await answer(plan({ say: '12345' }), messages)).usage).toEqual({
      input_tokens: Math.ceil(bytes / 4),
      output_tokens: 2,
    });
    const longer = (await answer(plan({ say: '12345' }), [...messages, user('x'.repeat(400))])).usage;
    expect(longer?.input_tokens).toBeGreaterThan(Math.ceil(bytes / 4) + 99);
  });
});

describe('placeholders', () => {
  const listing = '[FILE] b.md\n[DIR] sub\n[FILE] a b.md\n[FILE] c.md';
  const listed = called('c1', 'list_directory', { path: '/docs' }, listing);
  const read = [
    ...called('c2', 'read_text_file', { path: '/docs/a b.md' }, '# A\n\nFirst of a. Second.'),
    ...called('c3', 'read_text_file', { path: '/docs/gone.md' }, 'ENOENT', true),
    ...called('c4', 'read_text_file', { path: 'b.md' }, 'First of b.\n'),
    ...called('c5', 'write_file', { path: '/docs/w.md' }, 'Written it.'),
  ];

  it('{{file}}: a call for each file of the newest good listing, by name, at most `first`', async () => {
    const each = { tool: 'read_text_file', args: { path: '{{input.folder}}/{{file}}' }, each: 'file' } as const;
    const messages = [
      user('{"folder":"/docs"}'),
      ...called('c0', 'list_directory', {}, '[FILE] old.md'),
      ...listed,
      ...called('c6', 'list_directory', {}, '[FILE] no.md', true),
      ...called('c7', 'read_text_file', { path: 'x' }, 'A text about\n[FILE] not-a-listing.md'),
    ];
    const paths = async (first?: number): Promise<unknown[]> => {
      const calls = [first === undefined ? each : { ...each, first }];
      return (await answer(plan({ calls }), messages)).toolCalls.map((call) => call.arguments['path']);
    };
    expect(await paths()).toEqual(['/docs/a b.md', '/docs/b.md', '/docs/c.md']);
    expect(await paths(2)).toEqual(['/docs/a b.md', '/docs/b.md']);
    expect((await answer(plan({ calls: [each] }), [user('{}')])).toolCalls).toEqual([]);
  });

  it('{{quotes}}: the first sentence of each file that was read', async () => {
    const quoted = '> First of a.\n>\n> — a b.md\n\n> First of b.\n>\n> — b.md';
    expect(await said(plan({ say: '{{quotes}}' }), [user('x'), ...listed, ...read])).toBe(quoted);
  });

  it('{{results}} and {{last}}: the number of results, and the newest', async () => {
    const steps = plan({ say: '{{results}}: {{last}}' });
    expect(await said(steps, [user('x'), ...listed, ...read])).toBe('5: Written it.');
    expect(await said(steps, [user('x')])).toBe('0: ');
  });

  it('{{input}}: the first message of the user, and what a JSON object of it holds', async () => {
    const steps = plan({ say: '{{input}}|{{ input.a }}|{{input.b.c}}|{{input.none}}|{{input.toString}}' });
    const input = '{"a":"x","b":{"c":[1,2]}}';
    expect(await said(steps, [user(input), user('later')])).toBe(`${input}|x|[1,2]||`);
    expect(await said(plan({ say: '[{{input.a}}]' }), [user('plain words')])).toBe('[]');
  });

  it('keep their type when they are all of an argument, at any depth', async () => {
    const args = {
      amount: '{{input.amount}}',
      text: 'about {{input.amount}}',
      deep: [{ n: '{{results}}' }],
      flag: true,
    };
    const [call] = (await answer(plan({ calls: [{ tool: 'pay', args }] }), [user('{"amount":1500}')])).toolCalls;
    expect(call?.arguments).toEqual({ amount: 1500, text: 'about 1500', deep: [{ n: 0 }], flag: true });
  });

  it('are not looked for in what filled them, and unknown ones stay', async () => {
    expect(await said(plan({ say: '{{input}} {{nope}} {{file}}' }), [user('{{results}}')])).toBe(
      '{{results}} {{nope}} {{file}}',
    );
  });
});

describe('a delay', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const slow = plan({ say: 'one two three four', delay: '10s' });

  it('is kept', async () => {
    vi.useFakeTimers();
    const ended = vi.fn();
    const outcome = new RehearsalModel().call(request(slow), unaborted, unheard);
    void outcome.then(ended);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject({ type: 'answered' });
  });

  it.each([
    [0, []],
    [4_999, text('one ')],
    [7_500, text('one two three ')],
  ])('ends at the signal after %d ms, with what was said by then', async (ms, content) => {
    vi.useFakeTimers();
    const stop = new AbortController();
    const outcome = new RehearsalModel().call(request(slow), stop.signal, unheard);
    await vi.advanceTimersByTimeAsync(ms);
    stop.abort();
    expect(await outcome).toEqual({ type: 'aborted', content });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is spoken through word by word, and evenly', async () => {
    vi.useFakeTimers();
    const said: string[] = [];
    const outcome = new RehearsalModel().call(request(slow), unaborted, (piece) => said.push(piece));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(said).toEqual(['one ']);
    await vi.advanceTimersByTimeAsync(5_001);
    expect(said.length).toBeGreaterThan(2);
    expect(await outcome).toMatchObject({ content: text(said.join('')) });
    expect(said.join('')).toBe('one two three four');
  });

  it('is not begun when the signal has aborted already', async () => {
    expect(await new RehearsalModel().call(request(slow), AbortSignal.abort(), unheard)).toEqual({
      type: 'aborted',
      content: [],
    });
  });
});

describe('a summary', () => {
  const messages = [user('Hello'), ...called('c1', 'read', {}, 'text'), user('Summarise.')];
  const summary = (answers: number) => ({
    ...request(plan({ say: 'one', delay: '1h' }), messages, answers),
    purpose: 'summary' as const,
  });

  it('is a sentence of its own: no step of the plan, whatever the plan says', async () => {
    const outcome = await new RehearsalModel().call(summary(0), unaborted, unheard);
    expect(outcome).toMatchObject({
      type: 'answered',
      content: text('Rehearsed summary: 3 messages, 1 of them tool results.'),
      toolCalls: [],
      finishReason: 'stop',
    });
    expect(await new RehearsalModel().call(summary(7), unaborted, unheard)).toEqual(outcome);
  });
});

describe('the catalog', () => {
  const catalog = rehearsalCatalog();

  it('knows two names, both rehearsed and priced', async () => {
    expect(catalog.names()).toEqual(['default', 'rehearsal']);
    for (const name of catalog.names()) {
      expect(catalog.facts(name)?.prices).toEqual({ input_per_mtok: 1_000_000, output_per_mtok: 4_000_000 });
      expect(await catalog.health(name)).toMatchObject({ status: 'ok' });
      const outcome = await catalog.call({ ...request(null), model: name }, unaborted, unheard);
      expect(outcome).toMatchObject({ type: 'answered', model: 'rehearsal' });
    }
  });

  it('has no price for a name it does not know, and fails such a call for good', async () => {
    expect(catalog.facts('gpt-9')).toBeUndefined();
    expect(await catalog.call({ ...request(null), model: 'gpt-9' }, unaborted, unheard)).toMatchObject({
      type: 'failed',
      class: 'permanent',
    });
  });
});
