import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { fixedBytes } from './context.ts';
import { parseOutput } from './output.ts';
import { bytesOf } from './sizes.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  asksFor,
  allOf,
  answers,
  concludes,
  crashes,
  during,
  endOf,
  lastOf,
  shown,
  speaks,
  started,
} from './testing/steps.ts';
import { version } from './testing/versions.ts';

const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
const answering = (): Simulation => started({ output: { schema } });

describe('a final answer', () => {
  it.each([
    ['JSON', '{"n": 1}', { n: 1 }],
    ['JSON among blanks', '\n {"n": 1} \n', { n: 1 }],
    ['a code fence', '```json\n{"n": 1}\n```', { n: 1 }],
    ['a fence without a language', '```\n{"n": 1}\n```', { n: 1 }],
  ])('is read from %s', (_, words, value) => {
    expect(parseOutput(schema, text(words))).toEqual({ value });
  });

  it('is read across its parts', () => {
    expect(parseOutput(schema, [...text('{"n":'), ...text('2}')])).toEqual({ value: { n: 2 } });
  });

  it.each([
    ['no text', ''],
    ['prose', 'It is 1.'],
    ['JSON with words around it', 'Here: {"n": 1}'],
    ['half an object', '{"n": 1'],
    ['another type', '[1]'],
    ['a missing key', '{}'],
    ['a wrong type', '{"n": "1"}'],
    ['a number that the log cannot keep', '{"n": 1, "m": 1e400}'],
    ['a key that the log cannot keep', '{"n": 1, "__proto__": 1}'],
    ['half an emoji', '{"n": 1, "m": "\\ud83d"}'],
  ])('does not fit: %s', (_, words) => {
    expect(parseOutput(schema, text(words))).toEqual({ problem: expect.stringMatching(/./) as string });
  });

  it('may be any JSON value', () => {
    expect(parseOutput({ type: 'null' }, text('null'))).toEqual({ value: null });
    expect(parseOutput({ type: 'string' }, text('"x"'))).toEqual({ value: 'x' });
  });

  it('tells no more of a misfit than a model can use', () => {
    const wide = { enum: ['x'.repeat(3_000)] };
    const parsed = parseOutput(wide, text('"y"'));
    expect('problem' in parsed ? parsed.problem.length : 0).toBe(2_000);
  });
});

describe('an output schema', () => {
  it('ends the run with the answer and its value', () => {
    const sim = answering();
    concludes(sim, '{"n": 1}');
    expect(lastOf(sim, 'run.succeeded')).toEqual({ output: text('{"n": 1}'), value: { n: 1 } });
  });

  it('counts in the size of every prompt', () => {
    const size = bytesOf({ schema });
    expect(fixedBytes(version({ output: { schema } }))).toBe(fixedBytes(version()) + size);
  });

  it('leaves a free answer as it is', () => {
    const sim = started();
    concludes(sim, '{"n": 1}');
    expect(lastOf(sim, 'run.succeeded')).toEqual({ output: text('{"n": 1}') });
  });

  it('tells the model once why its answer does not fit, and takes the next one', () => {
    const sim = answering();
    expect(during(sim, () => concludes(sim, 'one'))).toEqual(['model.answered', 'answer.rejected', 'model.called']);
    expect(shown(sim).at(-1)).toMatch(/^user: Your answer does not fit its schema:\nThe answer is not JSON/);
    concludes(sim, '{"n": 1}');
    expect(lastOf(sim, 'run.succeeded').value).toEqual({ n: 1 });
  });

  it('ends the run as failed at the second misfit, even when tools were called between', () => {
    const sim = answering();
    concludes(sim, 'one');
    answers(sim, asksFor(sim, 'read'));
    concludes(sim, '{}');
    expect(lastOf(sim, 'run.failed')).toMatchObject({ code: 'output_invalid', unresolved: [] });
    expect(lastOf(sim, 'run.failed').detail).toMatch(/required|property/i);
    expect(endOf(sim)).toBe('failed');
    expect(allOf(sim, 'answer.rejected')).toHaveLength(1);
  });

  it('lets an answer pass that is not the last word, and gives each turn its own try', () => {
    const sim = answering();
    speaks(sim, 'queue');
    expect(during(sim, () => concludes(sim, 'no JSON yet'))).toEqual([
      'model.answered',
      'message.delivered',
      'model.called',
    ]);
    concludes(sim, 'still none');
    speaks(sim, 'queue', 'one more thing');
    concludes(sim, 'none');
    expect(during(sim, () => concludes(sim, 'none again'))).toContain('answer.rejected');
    expect(during(sim, () => concludes(sim, 'none at last'))).toContain('run.failed');
  });

  it('is not judged while the run is paused, nor twice after a crash', () => {
    const sim = answering();
    sim.say({ type: 'pause', by: person });
    expect(during(sim, () => concludes(sim, 'one'))).toEqual(['model.answered']);
    sim.say({ type: 'resume', by: person });
    expect(during(sim, () => crashes(sim))).toEqual(['run.taken_over', 'answer.rejected', 'model.called']);
    crashes(sim);
    sim.look();
    expect(allOf(sim, 'answer.rejected')).toHaveLength(1);
  });
});
