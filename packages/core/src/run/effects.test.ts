import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { backoff } from './retries.ts';
import { person, RUN, type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  asks,
  asksFor,
  attention,
  concludes,
  crashes,
  during,
  endOf,
  isNotSent,
  lastOf,
  live,
  modelPhase,
  openModel,
  phaseOf,
  shown,
  started,
  timesOut,
  toolCall,
} from './testing/steps.ts';

type Ending = (sim: Simulation, call: string) => unknown;
const endings: Record<string, Ending> = { 'time-out': timesOut, crash: (sim) => crashes(sim), 'not sent': isNotSent };
const end = (sim: Simulation, how: string, call: string): unknown => endings[how]?.(sim, call);

describe('an attempt that ended without an answer', () => {
  it.each([
    ['read', 'time-out', 'no-answer', ['tool.failed', 'attempt.scheduled']],
    ['read', 'crash', 'lost', ['run.taken_over', 'tool.failed', 'attempt.scheduled', 'tool.called']],
    ['read', 'not sent', 'not-sent', ['tool.failed', 'attempt.scheduled']],
    ['same', 'time-out', 'no-answer', ['tool.failed', 'attempt.scheduled']],
    ['same', 'crash', 'lost', ['run.taken_over', 'tool.failed', 'attempt.scheduled', 'tool.called']],
    ['same', 'not sent', 'not-sent', ['tool.failed', 'attempt.scheduled']],
    ['once', 'not sent', 'not-sent', ['tool.failed', 'attempt.scheduled']],
  ])('of `%s` after %s is called again as attempt 2 with the same key (%s)', (tool, how, why, types) => {
    const sim = started();
    const call = asksFor(sim, tool, { path: 'a' });
    expect(during(sim, () => end(sim, how, call))).toEqual(types);
    expect(lastOf(sim, 'tool.failed')).toMatchObject({ call, attempt: 1, class: why });
    if (phaseOf(sim, call) === 'scheduled') sim.advanceToNext();
    expect(sim.begun.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(sim.begun.map(({ key }) => key))).toEqual(new Set([`${RUN}.${call}`]));
    expect(new Set(allOf(sim, 'tool.called').map((called) => called.arguments_hash)).size).toBe(1);
    expect(during(sim, () => answers(sim, call))).toEqual(['tool.returned', 'model.called']);
  });

  it.each([
    ['time-out', ['tool.unknown']],
    ['crash', ['run.taken_over', 'tool.unknown']],
  ])('of `once` after %s is unknown and is not called again', (how, types) => {
    const sim = started();
    const call = asksFor(sim, 'once');
    expect(during(sim, () => end(sim, how, call))).toEqual(types);
    expect(lastOf(sim, 'tool.unknown')).toMatchObject({ call, attempt: 1 });
    expect(attention(sim)).toEqual(['unknown-effect']);
    sim.advanceTime(3_600_000);
    expect(during(sim, () => sim.look())).toEqual([]);
    expect(during(sim, () => crashes(sim))).toEqual(['run.taken_over']);
    expect(sim.begun).toHaveLength(1);
  });

  it('another worker claims a run whose calls are open: the same as a crash', () => {
    const sim = started();
    const [read, once] = asks(sim, 'read', 'once');
    expect(during(sim, () => sim.claim('w3'))).toEqual([
      'run.claimed',
      'tool.failed',
      'attempt.scheduled',
      'tool.unknown',
      'tool.called',
    ]);
    expect([read, once].map((call) => phaseOf(sim, call ?? ''))).toEqual(['open', 'unknown']);
  });

  it('gives calls of one answer and of another different keys', () => {
    const sim = started();
    for (const call of asks(sim, 'read', 'read')) answers(sim, call);
    asks(sim, 'read');
    expect(new Set(sim.begun.map(({ key }) => key)).size).toBe(3);
  });
});

describe('the delay before an attempt', () => {
  it.each([
    ['time-out', [1_000, 2_000]],
    ['not sent', [1_000, 2_000]],
    ['crash', [0, 0]],
  ])('after %s grows by the factor, and a crash needs none: %j ms', (how, delays) => {
    const sim = started();
    const call = asksFor(sim, 'read');
    for (const [index, delay] of delays.entries()) {
      const at = sim.now;
      end(sim, how, call);
      expect(lastOf(sim, 'attempt.scheduled')).toMatchObject({ call, attempt: index + 2, at: at + delay, burns: true });
      if (delay === 0) continue;
      sim.advanceTime(delay - 1);
      expect(during(sim, () => sim.look())).toEqual([]);
      sim.advanceTime(1);
      expect(during(sim, () => sim.look())).toEqual(['tool.called']);
    }
  });
});

describe('the backoff', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [7, 60_000],
    [100, 60_000],
  ])('after %d burned attempts is %d ms, the longest at most', (burned, ms) => {
    expect(backoff({ attempts: 100, first: 1_000, factor: 2, max: 60_000, timeout: 1 }, burned)).toBe(ms);
    expect(backoff({ attempts: 100, first: 1_000, factor: 10, max: 60_000, timeout: 1 }, 99)).toBe(60_000);
  });

  it('is a whole number of ms', () => {
    expect(backoff({ attempts: 9, first: 3, factor: 1.5, max: 60_000, timeout: 1 }, 3)).toBe(7);
  });
});

describe('after the last attempt', () => {
  const ways = ['time-out', 'crash', 'not sent'];

  it.each(ways)('a tool call that ended by %s waits for a person', (how) => {
    const sim = started();
    const call = asksFor(sim, 'read');
    for (const attempt of [1, 2, 3]) {
      expect(toolCall(sim, call).attempt).toBe(attempt);
      end(sim, how, call);
      if (phaseOf(sim, call) === 'scheduled') sim.advanceToNext();
    }
    expect(phaseOf(sim, call)).toBe('exhausted');
    expect(attention(sim)).toEqual(['attempts-exhausted']);
    expect(sim.begun).toHaveLength(3);
  });

  const modelEndings: Record<string, (sim: Simulation) => unknown> = {
    transient: (sim) => sim.do({ type: 'model_failed', ...openModel(sim), class: 'transient', message: 'no' }),
    'not sent': (sim) => sim.do({ type: 'model_failed', ...openModel(sim), class: 'not-sent', message: 'no' }),
    'rate-limited without Retry-After': (sim) =>
      sim.do({ type: 'model_failed', ...openModel(sim), class: 'rate-limited', message: '429' }),
    crash: (sim) => crashes(sim),
  };

  it.each(Object.keys(modelEndings))('a model call that ended by %s waits for a person', (how) => {
    const sim = started();
    for (const attempt of [1, 2, 3]) {
      expect(openModel(sim)).toEqual({ call: 'm1', attempt });
      modelEndings[how]?.(sim);
      if (modelPhase(sim) === 'scheduled') sim.advanceToNext();
    }
    expect(modelPhase(sim)).toBe('exhausted');
    expect(attention(sim)).toEqual(['attempts-exhausted']);
    expect(allOf(sim, 'model.called')).toHaveLength(3);
  });

  it('a tool with its own policy follows that', () => {
    const sim = started();
    const tools = live(sim).version.tools.map((tool) => ({ ...tool, retries: { ...tool.retries, attempts: 1 } }));
    const strict = started({ tools });
    const call = asksFor(strict, 'read');
    timesOut(strict, call);
    expect(phaseOf(strict, call)).toBe('exhausted');
    const crashed = started({ tools });
    const lost = asksFor(crashed, 'read');
    crashes(crashed);
    expect(phaseOf(crashed, lost)).toBe('exhausted');
  });

  it.each([
    ['retry', ['attempt.scheduled'], 'live', ['model.called'], []],
    ['fail', ['run.failed'], 'failed', [], [{ code: 'attempts_exhausted', detail: 'no', unresolved: [] }]],
  ] as const)('a person answers %s for the model: %j', (how, types, status, next, failures) => {
    const sim = started({ retries: { attempts: 1, first: 1, factor: 1, max: 1, timeout: 10_000 } });
    modelEndings['transient']?.(sim);
    expect(during(sim, () => sim.say({ type: 'resolve_call', call: 'm1', how, by: person }))).toEqual(types);
    expect(endOf(sim)).toBe(status);
    expect(during(sim, () => sim.look())).toEqual(next);
    expect(allOf(sim, 'run.failed')).toEqual(failures);
  });

  it('a retry by a person begins the count anew', () => {
    const sim = started();
    const call = asksFor(sim, 'read');
    for (let attempt = 1; attempt <= 3; attempt += 1) crashes(sim);
    sim.say({ type: 'resolve_call', call, how: 'retry', by: person });
    sim.look();
    for (const attempt of [4, 5, 6]) {
      expect(toolCall(sim, call)).toMatchObject({ attempt, burned: attempt - 4 });
      crashes(sim);
    }
    expect(phaseOf(sim, call)).toBe('exhausted');
    expect(new Set(sim.begun.map(({ key }) => key)).size).toBe(1);
  });

  it('a person fails the tool call: the model is told and goes on', () => {
    const sim = started();
    const call = asksFor(sim, 'read');
    for (let attempt = 1; attempt <= 3; attempt += 1) crashes(sim);
    sim.say({ type: 'resolve_call', call, how: 'fail', note: 'server is gone', by: person });
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
    expect(shown(sim).at(-1)).toBe('tool: The call failed: server is gone');
  });

  it.each(['read', 'model'])('a crash while the run is being stopped schedules nothing: %s', (which) => {
    const sim = started();
    if (which === 'read') asksFor(sim, 'read');
    sim.say({ type: 'cancel', by: person });
    const failed = which === 'read' ? 'tool.failed' : 'model.failed';
    expect(during(sim, () => crashes(sim))).toEqual(['run.taken_over', failed, 'run.cancelled']);
  });

  it.each(['open', 'scheduled'])('a call that is %s waits for nobody', (phase) => {
    const sim = started();
    const call = asksFor(sim, 'read');
    if (phase === 'scheduled') timesOut(sim, call);
    sim.say({ type: 'resolve_call', call, how: 'retry', by: person });
    sim.say({ type: 'resolve_call', call: '99.0', how: 'retry', by: person });
    expect(sim.refusals).toEqual(['call_not_open', 'call_not_open']);
  });
});

describe('a changed tool', () => {
  it.each([
    ['retry', ['attempt.scheduled'], 'open'],
    ['fail', ['tool.resolved'], 'done'],
  ] as const)('is not called; a person answers %s', (how, types, then) => {
    const sim = started();
    const [call = '', other = ''] = asks(sim, 'once', 'once');
    expect(during(sim, () => sim.do({ type: 'tool_changed', call, attempt: 1, found: null }))).toEqual([
      'tool.changed',
    ]);
    expect(lastOf(sim, 'tool.changed')).toMatchObject({ expected: '0'.repeat(64), found: null });
    expect(attention(sim)).toEqual(['tool-changed']);
    expect(during(sim, () => sim.say({ type: 'resolve_call', call, how, by: person }))).toEqual(types);
    sim.look();
    expect(phaseOf(sim, call)).toBe(then);
    expect(phaseOf(sim, other)).toBe('open');
  });
});

describe('while one effect is unknown', () => {
  it('other calls go on, and the model waits for all of them', () => {
    const sim = started();
    const [once = '', read = '', same = ''] = asks(sim, 'once', 'read', 'same');
    timesOut(sim, once);
    timesOut(sim, read);
    sim.advanceToNext();
    expect(phaseOf(sim, read)).toBe('open');
    expect(during(sim, () => answers(sim, read))).toEqual(['tool.returned']);
    expect(during(sim, () => answers(sim, same))).toEqual(['tool.returned']);
    expect(during(sim, () => sim.say({ type: 'resolve_effect', call: once, how: 'fail', by: person }))).toEqual([
      'tool.resolved',
    ]);
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
    concludes(sim);
    expect(endOf(sim)).toBe('succeeded');
  });
});

describe('what a lost model call may have used', () => {
  it.each([
    ['crash', true],
    ['transient', true],
    ['not-sent', false],
    ['rate-limited', false],
  ] as const)('after %s its reservation counts as spent: %s', (how, counts) => {
    const sim = started();
    const { reservation } = lastOf(sim, 'model.called');
    if (how === 'crash') crashes(sim);
    else sim.do({ type: 'model_failed', ...openModel(sim), class: how, message: 'no' });
    const { tokens, costUsdMicros } = live(sim).spent;
    expect({ tokens, costUsdMicros }).toEqual(
      counts
        ? { tokens: reservation.tokens, costUsdMicros: reservation.cost_usd_micros }
        : { tokens: 0, costUsdMicros: 0 },
    );
    expect(reservation.tokens).toBeGreaterThan(0);
  });
});

describe('a result for an attempt that is not under way', () => {
  it.each([
    [
      'another attempt',
      (sim: Simulation, call: string) =>
        sim.do({ type: 'tool_answered', call, attempt: 2, content: [], isError: false }),
    ],
    [
      'another call',
      (sim: Simulation) => sim.do({ type: 'tool_answered', call: '99.0', attempt: 1, content: [], isError: false }),
    ],
    ['a call not sent', (sim: Simulation) => sim.do({ type: 'tool_not_sent', call: '99.0', attempt: 1, message: '' })],
    [
      'a call without answer',
      (sim: Simulation) => sim.do({ type: 'tool_no_answer', call: '99.0', attempt: 1, message: '' }),
    ],
    ['a changed tool', (sim: Simulation) => sim.do({ type: 'tool_changed', call: '99.0', attempt: 1, found: null })],
    [
      'the model in the tools’ turn',
      (sim: Simulation) => sim.do({ type: 'model_failed', call: 'm1', attempt: 1, class: 'transient', message: '' }),
    ],
    [
      'the model cut off',
      (sim: Simulation) => sim.do({ type: 'model_aborted', call: 'm1', attempt: 1, content: text('x') }),
    ],
  ])('is refused as stale: %s', (_, send) => {
    const sim = started();
    const call = asksFor(sim, 'once');
    expect(during(sim, () => send(sim, call))).toEqual([]);
    expect(sim.refusals).toEqual(['stale_result']);
  });

  it('is refused for an old attempt of the model', () => {
    const sim = started();
    crashes(sim);
    sim.do({
      type: 'model_answered',
      call: 'm1',
      attempt: 1,
      content: [],
      toolCalls: [],
      usage: null,
      finishReason: 'stop',
      model: 'm',
    });
    expect(sim.refusals).toEqual(['stale_result']);
  });
});
