import { type AgentVersion, type Content, text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { attentionOf } from './attention.ts';
import { promptBound } from './context.ts';
import { bytesOf } from './sizes.ts';
import { summaryContent, summaryPrompt, summaryRequest } from './summary.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  concludes,
  crashes,
  during,
  lastOf,
  live,
  openModel,
  shown,
  speaks,
  started,
} from './testing/steps.ts';
import { limits, retries, version } from './testing/versions.ts';

const summarising = (over: Partial<AgentVersion> = {}): AgentVersion =>
  version({ context: { max_tokens: 2_500, keep: 'last-turns', then: 'summarise' }, ...over });

/** One turn: the model asks for a tool, and its result is long. */
function turn(sim: Simulation, number: number): void {
  sim.do({
    type: 'model_answered',
    ...openModel(sim),
    content: [],
    toolCalls: [{ id: `${number}`, name: 'read', arguments: {} }],
    usage: null,
    finishReason: '',
    model: 'm',
  });
  answers(sim, sim.begun.at(-1)?.call ?? '', `r${number} ${'x'.repeat(300)}`);
}

/** Turns until the model is asked for a summary. */
function untilSummary(over: Partial<AgentVersion> = {}): Simulation {
  const sim = started(summarising(over), 'the first input');
  for (let number = 0; openModel(sim).call.startsWith('m'); number += 1) {
    if (number > 50) throw new Error('it was never summarised');
    turn(sim, number);
  }
  return sim;
}

function summarise(sim: Simulation, content: Content = text('in short'), over: object = {}): string[] {
  return during(sim, () =>
    sim.do({
      type: 'model_answered',
      ...openModel(sim),
      content,
      toolCalls: [],
      usage: { input_tokens: 30, output_tokens: 3 },
      finishReason: 'stop',
      model: 'm',
      ...over,
    }),
  );
}
const fails = (sim: Simulation, how: 'transient' | 'permanent'): string[] =>
  during(sim, () => sim.do({ type: 'model_failed', ...openModel(sim), class: how, message: 'no' }));

describe('a context that grows too long', () => {
  it('is summarised by a model call of its own, before the one that waits', () => {
    const sim = untilSummary();
    const called = lastOf(sim, 'model.called');
    expect(called).toMatchObject({ call: 's1', attempt: 1, purpose: 'summary', model: 'rehearsal' });
    expect(live(sim).turn).toMatchObject({ at: 'summary', keptFrom: called.kept_from, waiting: { attempt: 0 } });
    const waiting = `m${live(sim).modelSteps}`;
    expect(summarise(sim)).toEqual(['model.answered', 'context.compacted', 'model.called']);
    expect(lastOf(sim, 'model.called')).toMatchObject({ call: waiting, attempt: 1, purpose: 'answer' });
    expect(lastOf(sim, 'context.compacted')).toMatchObject({
      rule: 'summary',
      kept_from: called.kept_from,
      summary: text('in short'),
    });
    expect(sim.replayed()).toEqual(sim.run);
  });

  it('keeps the instructions, the first input and the newest turns, with the summary between', () => {
    const sim = untilSummary();
    const before = shown(sim);
    const kept = lastOf(sim, 'model.called').kept_from;
    summarise(sim);
    const lines = shown(sim);
    expect(lines.slice(0, 3)).toEqual([
      'system: Test.',
      'user: the first input',
      'user: Summary of what was said before:,in short',
    ]);
    expect(lines.slice(3)).toEqual(before.slice(before.length - lines.length + 3));
    expect(lines.length).toBeLessThan(before.length);
    expect(sim.run.transcript.messages[2]?.block).toBe(kept);
    expect(sim.run.transcript.messages[3]).toMatchObject({ role: 'assistant', block: kept });
  });

  it('shows the model what will be dropped, whole, and asks for nothing else', () => {
    const sim = untilSummary();
    const { messages } = sim.run.transcript;
    const kept = lastOf(sim, 'model.called').kept_from ?? 0;
    const asked = summaryPrompt(messages, kept);
    expect(asked.slice(0, -1)).toEqual(messages.filter(({ block }) => block < kept));
    expect(asked.slice(0, 3).map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
    expect(asked.at(-2)?.role).toBe('tool');
    expect(asked.at(-1)).toEqual({ role: 'user', block: kept, content: summaryRequest });
  });

  it('counts the summary in the size of what is kept', () => {
    const sim = untilSummary();
    const { blocks } = live(sim).context;
    const kept = lastOf(sim, 'model.called').kept_from;
    const first = blocks.find(({ seq }) => seq === kept)?.bytes ?? 0;
    summarise(sim);
    const { context } = live(sim);
    expect(context.blocks[0]).toEqual({ seq: kept, bytes: first + bytesOf(summaryContent(text('in short'))) });
    expect(context.bytes).toBe(context.fixed + context.blocks.reduce((sum, { bytes }) => sum + bytes, 0));
    const dropped = blocks.filter(({ seq }) => seq < (kept ?? 0)).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(lastOf(sim, 'context.compacted').dropped_bytes).toBe(dropped);
    expect(dropped).toBeGreaterThan(0);
  });

  it('is summarised again later, the older summary with the rest', () => {
    const sim = untilSummary();
    summarise(sim);
    for (let number = 100; openModel(sim).call.startsWith('m'); number += 1) turn(sim, number);
    expect(lastOf(sim, 'model.called').call).toBe('s2');
    const asked = summaryPrompt(sim.run.transcript.messages, lastOf(sim, 'model.called').kept_from ?? 0);
    expect(JSON.stringify(asked)).toContain('in short');
    summarise(sim, text('shorter still'));
    expect(shown(sim).filter((line) => line.includes('Summary of'))).toEqual([
      'user: Summary of what was said before:,shorter still',
    ]);
  });
});

describe('a summary call', () => {
  it('is reserved for: the whole prompt, the request, and words that leave room', () => {
    const sim = untilSummary();
    const { context } = live(sim);
    const max = 100;
    const tokens = promptBound(context) + bytesOf(summaryRequest) + max;
    expect(lastOf(sim, 'model.called')).toMatchObject({ max_output_tokens: max, reservation: { tokens } });
    const wordy = untilSummary({ model: { ...version().model, max_output_tokens: 5_000 } });
    expect(lastOf(wordy, 'model.called').max_output_tokens).toBe(625);
  });

  it('is a step, is paid for, and is no answer of the plan', () => {
    const sim = untilSummary();
    const before = live(sim);
    summarise(sim, text('in short'));
    const after = live(sim);
    expect(after.spent.steps).toBe(before.spent.steps + 1);
    expect(after.spent.tokens).toBe(before.spent.tokens + 33);
    expect(after.spent.costUsdMicros).toBe(before.spent.costUsdMicros + 30 + 12);
    expect(after.answers).toBe(before.answers);
    expect(after.context.measured).toBeNull();
  });

  it('counts its whole reservation when no usage is reported', () => {
    const sim = untilSummary();
    const { spent } = live(sim);
    summarise(sim, text('in short'), { usage: null });
    const { reservation } = allOf(sim, 'model.called').find(({ call }) => call === 's1') ?? {};
    expect(live(sim).spent.tokens).toBe(spent.tokens + (reservation?.tokens ?? 0));
  });

  it('waits for a limit to be raised', () => {
    const used = allOf(untilSummary(), 'model.called').length;
    const steps = 2 * (used - 1);
    const sim = started(summarising({ limits: { ...limits, steps } }), 'the first input');
    for (let number = 0; live(sim).limit === null; number += 1) turn(sim, number);
    expect(lastOf(sim, 'limit.reached').limit).toBe('steps');
    sim.say({ type: 'raise_limit', limit: 'steps', to: steps + 5, by: person });
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
    expect(lastOf(sim, 'model.called').call).toBe('s1');
  });

  it('has no tools: what it asks for is not called', () => {
    const sim = untilSummary();
    const begun = sim.begun.length;
    summarise(sim, text('in short'), { toolCalls: [{ id: 'c', name: 'once', arguments: {} }] });
    expect(lastOf(sim, 'model.answered').tool_calls).toEqual([]);
    expect(sim.begun).toHaveLength(begun);
  });

  it.each<[string, Content]>([
    ['nothing', []],
    ['blanks', text(' \n ')],
  ])('that says %s: the oldest turns are dropped', (_, content) => {
    const sim = untilSummary();
    const kept = lastOf(sim, 'model.called').kept_from;
    expect(summarise(sim, content)).toEqual(['model.answered', 'context.compacted', 'model.called']);
    expect(lastOf(sim, 'context.compacted')).toMatchObject({ rule: 'last-turns', kept_from: kept });
    expect(shown(sim).some((line) => line.includes('Summary of'))).toBe(false);
    expect(lastOf(sim, 'model.called').purpose).toBe('answer');
  });

  it('that fails for good: the oldest turns are dropped, and the run goes on', () => {
    const sim = untilSummary();
    expect(fails(sim, 'permanent')).toEqual(['model.failed', 'context.compacted', 'model.called']);
    expect(lastOf(sim, 'context.compacted').rule).toBe('last-turns');
    concludes(sim);
    expect(sim.run.state.phase).toBe('ended');
  });

  it('that fails is tried again by the policy, also after a crash, and by a fallback', () => {
    const sim = untilSummary({ model: { ...version().model, fallbacks: [{ name: 'second', prices: null }] } });
    fails(sim, 'transient');
    sim.advanceToNext();
    expect(lastOf(sim, 'model.called')).toMatchObject({ call: 's1', attempt: 2, purpose: 'summary', model: 'second' });
    const kept = lastOf(sim, 'model.called').kept_from;
    crashes(sim);
    expect(lastOf(sim, 'model.called')).toMatchObject({ call: 's1', attempt: 3, kept_from: kept, model: 'rehearsal' });
    const { spent } = live(sim);
    summarise(sim);
    expect(live(sim).spent.steps).toBe(spent.steps + 1);
  });

  function exhausted(): Simulation {
    const sim = untilSummary({ retries: { ...retries, attempts: 1 } });
    fails(sim, 'transient');
    expect(attentionOf(sim.run.state)).toMatchObject([{ kind: 'attempts-exhausted', ref: 's1', call: 's1' }]);
    return sim;
  }

  it('whose attempts are exhausted asks a person, who lets it be tried again', () => {
    const sim = exhausted();
    sim.say({ type: 'resolve_call', call: 's1', how: 'retry', by: person });
    sim.look();
    expect(lastOf(sim, 'model.called')).toMatchObject({ call: 's1', attempt: 2, purpose: 'summary' });
  });

  it('that a person gives up does not end the run: the oldest turns are dropped', () => {
    const sim = exhausted();
    sim.say({ type: 'resolve_call', call: 's1', how: 'fail', by: person });
    expect(lastOf(sim, 'context.compacted').rule).toBe('last-turns');
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
    expect(attentionOf(sim.run.state)).toEqual([]);
  });

  it('that is interrupted says nothing; the message comes first, then the summary anew', () => {
    const sim = untilSummary();
    const lines = shown(sim);
    speaks(sim, 'interrupt', 'listen');
    expect(sim.aborted).toEqual(['s1']);
    const types = during(sim, () => sim.do({ type: 'model_aborted', ...openModel(sim), content: text('half a') }));
    expect(types).toEqual(['model.interrupted', 'message.delivered', 'model.called']);
    expect(lastOf(sim, 'model.interrupted').content).toEqual([]);
    expect(shown(sim)).toEqual([...lines, 'user: listen']);
    expect(lastOf(sim, 'model.called')).toMatchObject({ call: 's2', attempt: 1, purpose: 'summary' });
    expect(sim.replayed()).toEqual(sim.run);
  });

  it('leaves the attempts of the call that waits as they were', () => {
    const sim = untilSummary();
    summarise(sim);
    fails(sim, 'transient');
    speaks(sim, 'steer', 'w'.repeat(2_500));
    sim.advanceToNext();
    expect(lastOf(sim, 'model.called')).toMatchObject({ call: 's2', purpose: 'summary' });
    const waiting = `m${live(sim).modelSteps}`;
    summarise(sim);
    expect(lastOf(sim, 'model.called')).toMatchObject({ call: waiting, attempt: 2 });
  });

  it('is aborted when the run is cancelled', () => {
    const sim = untilSummary();
    sim.say({ type: 'cancel', by: person });
    sim.look();
    const types = during(sim, () => sim.do({ type: 'model_aborted', ...openModel(sim), content: [] }));
    expect(types).toEqual(['model.interrupted', 'run.cancelled']);
  });

  it('begins anew in a fork', () => {
    const sim = untilSummary();
    const fork = sim.fork(sim.events.length, { input: text('the first input') });
    fork.claim();
    expect(lastOf(fork, 'model.called')).toMatchObject({ call: 's2', attempt: 1, purpose: 'summary' });
    summarise(fork);
    expect(lastOf(fork, 'model.called')).toMatchObject({ call: `m${live(sim).modelSteps}`, attempt: 1 });
  });
});
