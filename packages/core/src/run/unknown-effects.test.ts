import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { handle } from './handle.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  answers,
  asksFor,
  attention,
  concludes,
  crashes,
  during,
  endOf,
  isNotSent,
  lastOf,
  phaseOf,
  shown,
  speaks,
  started,
  timesOut,
  toolCall,
} from './testing/steps.ts';

const TIMEOUT = 10_000;
const late = (sim: Simulation, call: string, attempt = 1): boolean =>
  sim.do({ type: 'tool_late_result', call, attempt, content: text('late'), isError: false });

/** A run whose `once` call is unknown. */
function unknown(): { sim: Simulation; call: string } {
  const sim = started();
  const call = asksFor(sim, 'once');
  timesOut(sim, call);
  return { sim, call };
}

describe('retry_from', () => {
  it.each([
    ['time-out: one more time-out', 0, (sim: Simulation, call: string) => timesOut(sim, call), TIMEOUT],
    ['crash at once, lease over: two time-outs from the beginning', 0, (sim: Simulation) => crashes(sim), 2 * TIMEOUT],
    ['crash later, lease over: what is left of the two', 15_000, (sim: Simulation) => crashes(sim), 5_000],
    ['crash long after, lease over: at once', 90_000, (sim: Simulation) => crashes(sim), 0],
    ['crash, the lease is longer than the time-outs', 0, (sim: Simulation) => crashes(sim, 60_000), 60_000],
    ['claimed by another', 90_000, (sim: Simulation) => sim.claim('w2'), 0],
  ])('after %s', (_, afterMs, lose, waitMs) => {
    const sim = started();
    const call = asksFor(sim, 'once');
    sim.advanceTime(afterMs);
    lose(sim, call);
    expect(lastOf(sim, 'tool.unknown').retry_from - sim.now).toBe(waitMs);
  });

  it('refuses a retry before, and takes it from then on', () => {
    const { sim, call } = unknown();
    sim.advanceTime(TIMEOUT - 1);
    expect(during(sim, () => sim.say({ type: 'resolve_effect', call, how: 'retry', by: person }))).toEqual([]);
    expect(sim.refusals).toEqual(['retry_too_early']);
    const refusal = handle(sim.run.state, { type: 'resolve_effect', call, how: 'retry', by: person, at: sim.now });
    expect(refusal).toMatchObject({
      refused: { message: expect.stringContaining(`from ${new Date(sim.now + 1).toISOString()}.`) as unknown },
    });
    sim.advanceTime(1);
    expect(during(sim, () => sim.say({ type: 'resolve_effect', call, how: 'retry', by: person }))).toEqual([
      'tool.resolved',
    ]);
    expect(during(sim, () => sim.look())).toEqual(['tool.called']);
    expect(lastOf(sim, 'tool.called')).toMatchObject({ call, attempt: 2, key: sim.begun[0]?.key });
  });
});

describe('a retry that a person decided', () => {
  it('is called though the user spoke since: its first attempt was begun', () => {
    const { sim, call } = unknown();
    sim.advanceTime(TIMEOUT);
    sim.say({ type: 'resolve_effect', call, how: 'retry', by: person });
    expect(during(sim, () => speaks(sim, 'steer'))).toEqual(['message.received', 'tool.called']);
  });

  it('begins the count anew', () => {
    const { sim, call } = unknown();
    sim.advanceTime(TIMEOUT);
    isNotSentTwice(sim, call);
    expect(toolCall(sim, call).burned).toBe(2);
    timesOut(sim, call);
    sim.advanceTime(TIMEOUT);
    sim.say({ type: 'resolve_effect', call, how: 'retry', by: person });
    expect(toolCall(sim, call).burned).toBe(0);
  });

  function isNotSentTwice(sim: Simulation, call: string): void {
    sim.say({ type: 'resolve_effect', call, how: 'retry', by: person });
    sim.look();
    for (let time = 1; time <= 2; time += 1) {
      isNotSent(sim, call);
      sim.advanceToNext();
    }
  }
});

describe('a person answers for an unknown effect', () => {
  it.each([
    ['done', { how: 'done', content: text('it was paid'), isError: false }, 'tool: it was paid'],
    ['fail', { how: 'fail' }, 'tool: The call failed.'],
    ['fail with a note', { how: 'fail', note: 'bank was down' }, 'tool: The call failed: bank was down'],
  ] as const)('%s: the model sees it', (_, said, line) => {
    const { sim, call } = unknown();
    expect(during(sim, () => sim.say({ type: 'resolve_effect', call, ...said, by: person }))).toEqual([
      'tool.resolved',
    ]);
    expect(attention(sim)).toEqual([]);
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
    expect(shown(sim).at(-1)).toBe(line);
    expect(sim.begun).toHaveLength(1);
  });

  it('keeps who, how and why', () => {
    const { sim, call } = unknown();
    sim.say({
      type: 'resolve_effect',
      call,
      how: 'done',
      content: text('x'),
      isError: true,
      note: 'seen in the books',
      by: person,
    });
    expect(lastOf(sim, 'tool.resolved')).toEqual({
      call,
      how: 'done',
      content: text('x'),
      is_error: true,
      note: 'seen in the books',
      by: person,
    });
  });

  it.each([
    ['open', (sim: Simulation) => asksFor(sim, 'once')],
    ['not there', () => '99.0'],
    ['resolved', (sim: Simulation) => resolved(sim)],
  ])('is refused when the call is %s', (_, prepare) => {
    const sim = started();
    const call = prepare(sim);
    sim.say({ type: 'resolve_effect', call, how: 'fail', by: person });
    expect(sim.refusals).toEqual(['effect_not_unknown']);
  });

  function resolved(sim: Simulation): string {
    const call = asksFor(sim, 'once');
    timesOut(sim, call);
    sim.say({ type: 'resolve_effect', call, how: 'fail', by: person });
    return call;
  }

  it('retry is refused while the run is being stopped', () => {
    const { sim, call } = unknown();
    sim.advanceTime(TIMEOUT);
    sim.say({ type: 'cancel', by: person });
    sim.say({ type: 'resolve_effect', call, how: 'retry', by: person });
    expect(sim.refusals).toEqual(['run_stopping']);
  });
});

describe('a late result', () => {
  it('is simply the answer while nobody has judged the call of the lost worker', () => {
    const sim = started();
    const call = asksFor(sim, 'once');
    expect(during(sim, () => late(sim, call))).toEqual(['tool.returned', 'model.called']);
  });

  it('settles the effect while it is unknown and its attempt is the newest', () => {
    const { sim, call } = unknown();
    expect(during(sim, () => late(sim, call))).toEqual(['tool.resolved', 'model.called']);
    expect(lastOf(sim, 'tool.resolved')).toMatchObject({
      call,
      how: 'late-result',
      by: { type: 'system' },
      content: text('late'),
    });
    expect(shown(sim).at(-1)).toBe('tool: late');
  });

  it.each([
    [
      'a person has answered',
      (sim: Simulation, call: string) => sim.say({ type: 'resolve_effect', call, how: 'fail', by: person }),
    ],
    ['a retry was decided', (sim: Simulation, call: string) => retried(sim, call)],
    ['a retry has begun', (sim: Simulation, call: string) => (retried(sim, call), sim.look())],
    [
      'the retry is unknown too',
      (sim: Simulation, call: string) => (retried(sim, call), sim.look(), timesOut(sim, call)),
    ],
    ['the retry has answered', (sim: Simulation, call: string) => (retried(sim, call), sim.look(), answers(sim, call))],
  ])('is evidence when %s', (_, happen) => {
    const { sim, call } = unknown();
    happen(sim, call);
    const before = sim.run.state;
    const [first] = during(sim, () => late(sim, call));
    expect(first).toBe('tool.late_result');
    expect(lastOf(sim, 'tool.late_result')).toEqual({ call, attempt: 1, content: text('late'), is_error: false });
    expect(sim.types().filter((type) => type === 'tool.resolved')).toHaveLength(1);
    expect(before.phase).toBe('live');
    expect(shown(sim)).not.toContain('tool: late');
  });

  function retried(sim: Simulation, call: string): void {
    sim.advanceTime(TIMEOUT);
    sim.say({ type: 'resolve_effect', call, how: 'retry', by: person });
  }

  it('of the newest attempt settles the retry', () => {
    const { sim, call } = unknown();
    retried(sim, call);
    sim.look();
    timesOut(sim, call);
    expect(during(sim, () => late(sim, call, 2))).toEqual(['tool.resolved', 'model.called']);
  });
});

describe('after the end', () => {
  /** Cancelled with an unknown effect. */
  function ended(): { sim: Simulation; call: string } {
    const { sim, call } = unknown();
    sim.say({ type: 'cancel', by: person });
    sim.look();
    expect(endOf(sim)).toBe('cancelled');
    expect(lastOf(sim, 'run.cancelled').unresolved).toEqual([call]);
    return { sim, call };
  }

  it('a late result settles the effect and never the phase', () => {
    const { sim, call } = ended();
    expect(attention(sim)).toEqual(['unknown-effect']);
    expect(during(sim, () => late(sim, call))).toEqual(['tool.resolved']);
    expect(endOf(sim)).toBe('cancelled');
    expect(attention(sim)).toEqual([]);
  });

  it.each([
    ['done', { how: 'done', content: text('x'), isError: false }, []],
    ['fail', { how: 'fail' }, []],
    ['retry', { how: 'retry' }, ['run_ended']],
  ] as const)('a person answers %s: refused %j', (_, said, refusals) => {
    const { sim, call } = ended();
    sim.advanceTime(10 * TIMEOUT);
    sim.say({ type: 'resolve_effect', call, ...said, by: person });
    expect(sim.refusals).toEqual(refusals);
    expect(endOf(sim)).toBe('cancelled');
    expect(attention(sim)).toEqual(refusals.length === 0 ? [] : ['unknown-effect']);
  });

  it.each([
    ['of another attempt', (sim: Simulation, call: string) => late(sim, call, 2)],
    ['of another call', (sim: Simulation) => late(sim, '99.0')],
    ['a second time', (sim: Simulation, call: string) => (late(sim, call), late(sim, call))],
  ])('a late result %s is refused as stale', (_, send) => {
    const { sim, call } = ended();
    send(sim, call);
    expect(sim.refusals).toEqual(['stale_result']);
  });

  it('an effect that is not unknown cannot be resolved', () => {
    const { sim } = ended();
    sim.say({ type: 'resolve_effect', call: '99.0', how: 'fail', by: person });
    expect(sim.refusals).toEqual(['effect_not_unknown']);
  });

  it('a run that succeeded has nothing to settle', () => {
    const sim = started();
    const call = asksFor(sim, 'once');
    answers(sim, call);
    concludes(sim);
    late(sim, call);
    expect(sim.refusals).toEqual(['stale_result']);
    expect(endOf(sim)).toBe('succeeded');
  });

  it('keeps an unknown effect unknown through the end', () => {
    const { sim, call } = unknown();
    expect(phaseOf(sim, call)).toBe('unknown');
    sim.say({ type: 'cancel', by: person });
    sim.look();
    expect(sim.run.state).toMatchObject({
      phase: 'ended',
      unknown: [{ id: call, attempt: 1, name: 'once', why: 'time-out' }],
    });
  });
});
