import { type JsonObject } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  asks,
  asksFor,
  attention,
  crashes,
  during,
  lastOf,
  openModel,
  phaseOf,
  shown,
  speaks,
  started,
} from './testing/steps.ts';
import { builtin, limits, tool } from './testing/versions.ts';

describe('a call that cannot be run', () => {
  const strict = tool('strict', {
    effect: 'read',
    input_schema: { type: 'object', required: ['path'], properties: { path: { type: 'string' } } },
  });
  const broken = tool('broken', {
    effect: 'read',
    input_schema: { type: 'object', properties: { a: { $ref: '#/nowhere' } } },
  });
  const tools = [strict, broken, tool('once'), builtin('wait'), builtin('ask')];
  const calling = (name: string, args: JsonObject, invalid?: string): Simulation => {
    const sim = started({ tools });
    const toolCalls = [{ id: 'c', name, arguments: args, ...(invalid === undefined ? {} : { invalid }) }];
    sim.do({
      type: 'model_answered',
      ...openModel(sim),
      content: [],
      toolCalls,
      usage: null,
      finishReason: '',
      model: 'm',
    });
    return sim;
  };
  const parsed = (json: string): JsonObject => JSON.parse(json) as JsonObject;
  const deep = parsed(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);

  it.each<[string, string, JsonObject, string | undefined, string, RegExp]>([
    ['an unknown tool', 'nobody', {}, undefined, 'unknown-tool', /no tool named "nobody"/],
    ['arguments that are no object', 'once', {}, '[1', 'invalid-arguments', /not a plain JSON object/],
    ['arguments that do not fit', 'strict', { path: 1 }, undefined, 'invalid-arguments', /#\/path/],
    ['a missing argument', 'strict', {}, undefined, 'invalid-arguments', /path/],
    ['a schema that cannot be used', 'broken', { a: 1 }, undefined, 'invalid-arguments', /./],
    ['half an emoji', 'once', parsed('{"a":"\\ud83d"}'), undefined, 'invalid-arguments', /not a plain/],
    ['half an emoji in a name', 'once', parsed('{"a":[{"\\ud83d":1}]}'), undefined, 'invalid-arguments', /not a plain/],
    ['a number that is none', 'once', parsed('{"a":1e400}'), undefined, 'invalid-arguments', /not a plain/],
    ['`__proto__`', 'once', parsed('{"a":{"__proto__":{}}}'), undefined, 'invalid-arguments', /not a plain/],
    ['twenty thousand levels', 'once', deep, undefined, 'invalid-arguments', /not a plain/],
    ['a wait without a time', 'wait', {}, undefined, 'invalid-arguments', /./],
    ['a wait for a negative time', 'wait', { seconds: -1 }, undefined, 'invalid-arguments', /./],
    ['a wait for too long', 'wait', { seconds: 31_536_001 }, undefined, 'invalid-arguments', /./],
    ['a wait until no date', 'wait', { until: 'tomorrow' }, undefined, 'invalid-arguments', /./],
    ['a wait until a date without zone', 'wait', { until: '2026-01-01T00:00:00' }, undefined, 'invalid-arguments', /./],
    [
      'a wait until too far',
      'wait',
      { until: '2999-01-01T00:00:00Z' },
      undefined,
      'invalid-arguments',
      /longer than a year/,
    ],
    ['a wait with both', 'wait', { seconds: 1, until: '1970-01-01T00:20:00Z' }, undefined, 'invalid-arguments', /./],
    ['no question', 'ask', { question: '' }, undefined, 'invalid-arguments', /./],
    ['a question that is no text', 'ask', { question: 3 }, undefined, 'invalid-arguments', /./],
    ['a question with more', 'ask', { question: 'x', to: 'me' }, undefined, 'invalid-arguments', /./],
    [
      'a question whose schema cannot be used',
      'ask',
      { question: 'x', schema: { $ref: '#/nowhere' } },
      undefined,
      'invalid-arguments',
      /schema cannot be used/,
    ],
  ])('is answered to the model: %s', (_, name, args, invalid, why, message) => {
    const sim = calling(name, args, invalid);
    expect(sim.types().slice(-2)).toEqual(['tool.not_run', 'model.called']);
    expect(lastOf(sim, 'tool.not_run').why).toBe(why);
    expect(lastOf(sim, 'tool.not_run').message).toMatch(message);
    expect(sim.run.transcript.messages.at(-1)).toMatchObject({ role: 'tool', id: 'c', isError: true });
    expect(sim.begun).toEqual([]);
  });

  it('leaves the other calls of the answer alone', () => {
    const sim = started();
    const [nobody = '', read = ''] = asks(sim, 'nobody', 'read');
    expect([nobody, read].map((call) => phaseOf(sim, call))).toEqual(['done', 'open']);
  });

  it.each([
    ['text with NUL, an emoji and an empty name', { 'a\u0000': '👍', '': [null, true, 0.5, -0, 1e21] }],
    ['two hundred levels', parsed(`{"a":${'['.repeat(199)}${']'.repeat(199)}}`)],
  ])('is none with %s', (_, args) => {
    expect(calling('once', args).begun).toHaveLength(1);
  });
});

describe('the builtin `wait`', () => {
  it.each<[string, JsonObject, number]>([
    ['seconds', { seconds: 60 }, 60_000],
    ['a fraction', { seconds: 0.0015 }, 2],
    ['nothing', { seconds: 0 }, 0],
    ['a time', { until: '1970-01-01T00:20:00Z' }, 200_000],
    ['a time with an offset', { until: '1970-01-01T01:20:00+01:00' }, 200_000],
    ['a time that has passed', { until: '1970-01-01T00:00:01Z' }, 0],
    ['a time before 1970', { until: '1960-01-01T00:00:00Z' }, 0],
    ['a year', { seconds: 31_536_000 }, 31_536_000_000],
  ])('waits for %s', (_, args, ms) => {
    const sim = started({ limits: { ...limits, deadline_ms: 1e12 } });
    const call = asksFor(sim, 'wait', args);
    expect(lastOf(sim, 'wait.began')).toEqual({ call, for: 'timer', until: sim.now + ms });
    sim.advanceTime(ms);
    sim.look();
    expect(sim.types().slice(-2)).toEqual(['wait.ended', 'model.called']);
    expect(lastOf(sim, 'wait.ended')).toEqual({ call, by: 'timer' });
    expect(shown(sim).at(-1)).toBe('tool: The wait is over.');
  });

  it('is not over a moment before, nor by a crash', () => {
    const sim = started();
    asksFor(sim, 'wait', { seconds: 60 });
    sim.advanceTime(59_999);
    expect(during(sim, () => sim.look())).toEqual([]);
    expect(during(sim, () => crashes(sim))).toEqual(['run.taken_over']);
    sim.advanceTime(1);
    expect(during(sim, () => sim.look())).toEqual(['wait.ended', 'model.called']);
  });

  it('that a message ended says so', () => {
    const sim = started();
    asksFor(sim, 'wait', { seconds: 60 });
    speaks(sim, 'interrupt', 'now');
    expect(shown(sim).slice(-2)).toEqual(['tool: The wait was ended by a message.', 'user: now']);
  });
});

describe('the builtin `ask`', () => {
  const schema: JsonObject = {
    type: 'object',
    required: ['colour'],
    properties: { colour: { enum: ['red', 'blue'] } },
  };

  it('asks for a text unless a schema is given', () => {
    const sim = started();
    const call = asksFor(sim, 'ask', { question: 'Which?' });
    expect(lastOf(sim, 'question.asked')).toEqual({ call, question: 'Which?', schema: { type: 'string' } });
    expect(attention(sim)).toEqual(['question']);
    expect(sim.begun).toEqual([]);
  });

  it('gives the answer to the model', () => {
    const sim = started();
    const call = asksFor(sim, 'ask', { question: 'Which?', schema });
    sim.say({ type: 'answer_question', call, answer: { colour: 'red' }, by: person });
    expect(lastOf(sim, 'question.answered')).toEqual({ call, answer: { colour: 'red' }, by: person });
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
    expect(shown(sim).at(-1)).toBe('tool: {"colour":"red"}');
    sim.say({ type: 'answer_question', call, answer: { colour: 'blue' }, by: person });
    expect(sim.refusals).toEqual(['question_not_open']);
  });

  it.each(['red', { colour: 'green' }, {}, null])('refuses %j, which does not fit, and stays open', (answer) => {
    const sim = started();
    const call = asksFor(sim, 'ask', { question: 'Which?', schema });
    expect(during(sim, () => sim.say({ type: 'answer_question', call, answer, by: person }))).toEqual([]);
    expect(sim.refusals).toEqual(['answer_invalid']);
    expect(phaseOf(sim, call)).toBe('question');
  });
});
