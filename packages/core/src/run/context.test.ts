import { text, type AgentVersion } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { compacted, compaction, fixedBytes, grow, promptBound } from './context.ts';
import { bytesOf } from './sizes.ts';
import type { ContextSize } from './state.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  asks,
  asksFor,
  concludes,
  crashes,
  during,
  lastOf,
  live,
  openModel,
  shown,
  speaks,
  started,
  timesOut,
} from './testing/steps.ts';
import { version } from './testing/versions.ts';

const bounded = (max_tokens: number): AgentVersion =>
  version({ context: { max_tokens, keep: 'last-turns', then: 'drop' } });
const sized = (fixed: number, blocks: readonly number[], measured: ContextSize['measured'] = null): ContextSize => ({
  fixed,
  blocks: blocks.map((bytes, index) => ({ seq: (index + 1) * 10, bytes })),
  bytes: fixed + blocks.reduce((sum, bytes) => sum + bytes, 0),
  measured,
});

describe('the bound of a prompt', () => {
  it.each<[string, ContextSize, number]>([
    ['nothing was measured: a token for each byte', sized(100, [50]), 150],
    ['measured: the count, and a token for each byte since', sized(100, [50, 30], { tokens: 40, bytes: 150 }), 70],
    ['measured, nothing added since', sized(100, [50], { tokens: 40, bytes: 150 }), 40],
    ['measured for more than is left', sized(100, [], { tokens: 40, bytes: 150 }), 40],
  ])('%s', (_, context, tokens) => {
    expect(promptBound(context)).toBe(tokens);
  });

  it('is what the model reported for its prompt, and the bytes of the answer and of what followed', () => {
    const sim = started();
    const call = asksFor(sim, 'read');
    const answered = bytesOf([[], [{ id: 'c0', name: 'read', arguments: {} }]]);
    expect(promptBound(live(sim).context)).toBe(10 + answered);
    answers(sim, call, 'x'.repeat(500));
    expect(promptBound(live(sim).context)).toBe(10 + answered + bytesOf(text('x'.repeat(500))));
    expect(lastOf(sim, 'model.called').reservation.tokens).toBe(promptBound(live(sim).context) + 100);
  });

  it('begins with instructions, tools and the first input', () => {
    const sim = started({}, 'hello');
    expect(lastOf(sim, 'model.called').reservation.tokens).toBe(fixedBytes(version()) + bytesOf(text('hello')) + 100);
    expect(fixedBytes(version({ instructions: '' }))).toBe(fixedBytes(version()) - 5);
    expect(fixedBytes(version({ tools: [] }))).toBe(bytesOf('Test.'));
  });

  it('stays with the old measure when an answer reports no usage', () => {
    const sim = started();
    sim.do({
      type: 'model_answered',
      ...openModel(sim),
      content: [],
      toolCalls: [{ id: 'c', name: 'read', arguments: {} }],
      usage: null,
      finishReason: '',
      model: 'm',
    });
    expect(live(sim).context.measured).toBeNull();
  });

  it.each<[string, (sim: Simulation) => unknown]>([
    ['a delivered message', (sim) => (speaks(sim, 'steer', 'w'.repeat(300)), crashes(sim))],
    [
      'what an interrupted call had said',
      (sim) => (
        speaks(sim, 'interrupt'),
        sim.do({ type: 'model_aborted', ...openModel(sim), content: text('w'.repeat(300)) })
      ),
    ],
    ['a note of a person', (sim) => fails(sim)],
    ['an answered question', (sim) => asksAndAnswers(sim)],
  ])('grows by %s', (_, happen) => {
    const sim = started();
    const before = promptBound(live(sim).context);
    happen(sim);
    expect(promptBound(live(sim).context)).toBeGreaterThanOrEqual(Math.min(before, 10) + 300);
  });

  function fails(sim: Simulation): void {
    const call = asksFor(sim, 'once');
    timesOut(sim, call);
    sim.say({ type: 'resolve_effect', call, how: 'fail', note: 'w'.repeat(300), by: person });
  }

  function asksAndAnswers(sim: Simulation): void {
    const call = asksFor(sim, 'ask', { question: 'x' });
    sim.say({ type: 'answer_question', call, answer: 'w'.repeat(300), by: person });
  }
});

describe('blocks', () => {
  it('grow while their number is the same, and open with another', () => {
    const one = grow(sized(5, []), 3, 10);
    const same = grow(one, 3, 7);
    expect(same).toMatchObject({ blocks: [{ seq: 3, bytes: 17 }], bytes: 22 });
    expect(grow(same, 9, 1)).toMatchObject({
      blocks: [
        { seq: 3, bytes: 17 },
        { seq: 9, bytes: 1 },
      ],
      bytes: 23,
    });
  });

  it('hold an answer with the results of its calls', () => {
    const sim = started();
    const [one = '', two = ''] = asks(sim, 'read', 'read');
    answers(sim, one);
    answers(sim, two);
    expect(live(sim).context.blocks.map((block) => `${block.seq}`)).toEqual([one.split('.')[0]]);
  });
});

describe('compaction', () => {
  it.each<[string, number, ContextSize, { kept_from: number; dropped_bytes: number } | null]>([
    ['at the bound: none', 100, sized(10, [30, 30, 30]), null],
    ['above it: the oldest go until half is left', 100, sized(10, [30, 30, 31]), { kept_from: 30, dropped_bytes: 60 }],
    ['only as many as needed', 100, sized(10, [80, 15, 15]), { kept_from: 20, dropped_bytes: 80 }],
    ['the newest block stays, however large', 100, sized(10, [5, 500]), { kept_from: 20, dropped_bytes: 5 }],
    ['one block: none', 100, sized(10, [500]), null],
    ['no block: none', 100, sized(500, []), null],
    [
      'counted in tokens, not bytes',
      100,
      sized(100, [300, 300, 300], { tokens: 101, bytes: 1_000 }),
      { kept_from: 30, dropped_bytes: 600 },
    ],
    ['many bytes, few tokens: none', 100, sized(100, [300, 300, 300], { tokens: 99, bytes: 1_000 }), null],
  ])('%s', (_, max, context, dropped) => {
    const event = compaction(bounded(max), context);
    expect(event?.data ?? null).toEqual(dropped === null ? null : { rule: 'last-turns', ...dropped });
  });

  it('leaves the ratio of tokens to bytes as the bound', () => {
    const after = compacted(sized(100, [300, 300, 300], { tokens: 101, bytes: 1_000 }), 30, 0);
    expect(after).toEqual({
      fixed: 100,
      blocks: [{ seq: 30, bytes: 300 }],
      bytes: 400,
      measured: { tokens: 41, bytes: 400 },
    });
    expect(compacted(sized(100, [300, 300]), 20, 0).measured).toBeNull();
  });

  /** Turns of a tool call each until the context was compacted. */
  function untilCompacted(): Simulation {
    const sim = started(bounded(2_500), 'the first input');
    for (let turn = 0; allOf(sim, 'context.compacted').length === 0; turn += 1) {
      if (turn > 50) throw new Error('it was never compacted');
      const toolCalls = [
        { id: `${turn}a`, name: 'read', arguments: {} },
        { id: `${turn}b`, name: 'same', arguments: {} },
      ];
      sim.do({
        type: 'model_answered',
        ...openModel(sim),
        content: [],
        toolCalls,
        usage: null,
        finishReason: '',
        model: 'm',
      });
      const [one = '', two = ''] = sim.begun.slice(-2).map(({ call }) => call);
      answers(sim, one, `a${turn} ${'x'.repeat(300)}`);
      answers(sim, two, `b${turn}`);
    }
    return sim;
  }

  it('is an event before the call, and the prompt after it is valid', () => {
    const sim = untilCompacted();
    expect(sim.types().slice(-2)).toEqual(['context.compacted', 'model.called']);
    const lines = shown(sim);
    expect(lines.slice(0, 2)).toEqual(['system: Test.', 'user: the first input']);
    expect(lines).not.toContain('tool: b0');
    const roles = sim.run.transcript.messages.slice(2).map((message) => message.role);
    expect(roles.length).toBeGreaterThan(0);
    expect(roles).toEqual(Array.from({ length: roles.length / 3 }, () => ['assistant', 'tool', 'tool']).flat());
    const { kept_from } = lastOf(sim, 'context.compacted');
    expect(sim.run.transcript.messages[2]?.block).toBe(kept_from);
    expect(live(sim).context.blocks[0]?.seq).toBe(kept_from);
    expect(promptBound(live(sim).context)).toBeLessThanOrEqual(2_500 / 2);
  });

  it('is the same when the log is folded anew', () => {
    const sim = untilCompacted();
    expect(sim.replayed()).toEqual(sim.run);
    concludes(sim);
    expect(sim.replayed()).toEqual(sim.run);
  });

  it('happens before a limit is asked about', () => {
    const sim = untilCompacted();
    const before = lastOf(sim, 'context.compacted');
    expect(before.dropped_bytes).toBeGreaterThan(300);
    expect(during(sim, () => crashes(sim))).not.toContain('context.compacted');
  });
});
