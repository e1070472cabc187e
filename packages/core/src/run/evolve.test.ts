import { eventData, text, type EventType, type RunEvent } from '@holdfast/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginRun, extend } from '../log/loaded-run.ts';
import { attentionOf, nextTime } from './attention.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { begin, type RunState } from './state.ts';
import { anyEvent, anyEvents } from './testing/any-event.suite.ts';
import { person, RUN, Simulation } from './testing/simulation.suite.ts';
import { answers, asks, asksFor, concludes, crashes, live, phaseOf, started, timesOut } from './testing/steps.ts';
import { version } from './testing/versions.ts';

const situations: Record<string, () => Simulation> = {
  'not claimed': () => new Simulation(),
  'the model open': () => started(),
  'tools open': () => ((sim) => (asks(sim, 'once', 'read', 'wait', 'guarded'), sim))(started()),
  'an effect unknown': () => ((sim) => (timesOut(sim, asksFor(sim, 'once')), sim))(started()),
  'runs below open': () =>
    ((sim) => (asks(sim, ['helper', { input: 'a' }], ['helper', { input: 'b' }], 'read'), sim))(started()),
  ended: () => ((sim) => (concludes(sim), sim))(started()),
};

const problemOf = (state: RunState): string | null => (state.phase === 'live' ? (state.problem?.reason ?? null) : null);

describe('an event that does not fit', () => {
  it.each<[string, EventType, string]>([
    ['the model open', 'run.created', 'the run has begun already'],
    ['tools open', 'model.answered', 'no call m1 is known'],
    ['the model open', 'tool.returned', 'no call 3.0 is known'],
    ['tools open', 'wait.ended', 'no call 3.0 is known'],
    ['the model open', 'message.delivered', 'a message that was not received is delivered'],
    ['the model open', 'attempt.scheduled', 'no call 3.0 is known'],
  ])('while %s: %s is a problem of the log', (situation, type, reason) => {
    const sim = situations[situation]?.() ?? started();
    const [sample] = fc.sample(anyEvent(type), 1);
    const about =
      type === 'model.answered'
        ? { call: 'm1' }
        : type === 'message.delivered'
          ? { ids: ['018f0000-0000-7000-8000-00000000000f'] }
          : { call: '3.0' };
    const event = {
      ...sample,
      data: { ...sample?.data, ...about },
      seq: sim.run.state.head + 1,
      at: sim.now,
    } as RunEvent;
    const after = evolve(sim.run.state, event);
    expect(problemOf(after)).toBe(reason);
    expect(after.head).toBe(event.seq);
    expect(decide(after, sim.now).filter((action) => action.do !== 'abort')).toEqual([]);
    expect(attentionOf(after).map(({ kind }) => kind)).toContain('log-problem');
  });

  it('with a gap or a repeat in its number is a problem', () => {
    for (const step of [0, 2]) {
      const sim = started();
      const event: RunEvent = { type: 'run.admitted', data: {}, seq: sim.run.state.head + step, at: sim.now };
      expect(problemOf(evolve(sim.run.state, event))).toBe(`number ${event.seq} follows ${sim.run.state.head}`);
    }
  });

  it('that ends a call a second time is a problem', () => {
    const sim = started();
    const [one = ''] = asks(sim, 'read', 'once');
    answers(sim, one);
    const again = sim.events.findLast((event) => event.type === 'tool.returned');
    if (again === undefined) throw new Error('it did not return');
    const after = evolve(sim.run.state, { ...again, seq: sim.run.state.head + 1 });
    expect(problemOf(after)).toBe('tool.returned does not follow on a call that is done');
  });

  it('that ends another run than the call waits for is a problem', () => {
    const sim = situations['runs below open']?.() ?? started();
    const usage = { steps: 0, tokens: 0, cost_usd_micros: 0, active_ms: 0, descendants: 0 };
    const ended = {
      call: '5.0',
      run: RUN,
      status: 'cancelled',
      output: null,
      error: null,
      unresolved: 0,
      usage,
    } as const;
    const after = evolve(sim.run.state, {
      type: 'child.ended',
      data: ended,
      seq: sim.run.state.head + 1,
      at: sim.now,
    });
    expect(problemOf(after)).toBe(`call 5.0 does not wait for run ${RUN}`);
  });

  it('of a type that no rule knows is a problem', () => {
    const sim = started();
    const event = { type: 'run.danced', data: {}, seq: sim.run.state.head + 1, at: sim.now } as unknown as RunEvent;
    expect(problemOf(evolve(sim.run.state, event))).toBe('no rule knows "run.danced"');
  });

  it('keeps the first problem', () => {
    const sim = started();
    const first = evolve(sim.run.state, { type: 'run.admitted', data: {}, seq: 90, at: sim.now });
    const second = evolve(first, { type: 'run.admitted', data: {}, seq: 900, at: sim.now });
    expect(problemOf(second)).toBe(`number 90 follows ${sim.run.state.head}`);
    expect(second.head).toBe(900);
  });

  it('after the end changes nothing but the head', () => {
    const sim = situations['ended']?.() ?? started();
    const after = evolve(sim.run.state, {
      type: 'run.paused',
      data: { by: { type: 'system', id: 'x', roles: [] } },
      seq: sim.run.state.head + 1,
      at: sim.now,
    });
    expect(after).toEqual({ ...sim.run.state, head: sim.run.state.head + 1 });
  });

  it('before the beginning leaves the run unborn', () => {
    const after = evolve(begin(RUN, version()), { type: 'run.admitted', data: {}, seq: 1, at: 5 });
    expect(after.phase).toBe('unborn');
  });

  it.each(Object.entries(situations))('never throws: any events while %s, and decisions after them', (_, prepare) => {
    const sim = prepare();
    const next = fc.tuple(anyEvents(), fc.integer({ min: -1, max: 3 }));
    fc.assert(
      fc.property(fc.array(next, { minLength: 1, maxLength: 12 }), (happenings) => {
        let run = sim.run;
        for (const [body, gap] of happenings) {
          const seq = Math.max(1, run.state.head + (gap === 3 || gap === -1 ? gap : 1));
          run = extend(run, { ...body, seq, at: run.state.lastAt } as RunEvent);
          decide(run.state, sim.now);
          attentionOf(run.state);
          nextTime(run.state);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the fold', () => {
  it('takes every event that the rules write', () => {
    const sim = started();
    const call = asksFor(sim, 'once');
    crashes(sim);
    expect(phaseOf(sim, call)).toBe('unknown');
    expect(live(sim).problem).toBeNull();
    for (const { type, data } of sim.events) expect(eventData[type].safeParse(data).success).toBe(true);
    expect(sim.events.reduce(extend, beginRun(RUN, version()))).toEqual(sim.run);
  });

  it('keeps the time of the log from going back', () => {
    const sim = started();
    const before = sim.run.state.lastAt;
    sim.advanceTime(-5_000);
    concludes(sim);
    expect(sim.events.at(-1)?.at).toBe(before);
  });

  it('shows the model what an event says, and nothing for the others', () => {
    const sim = started();
    const shownBefore = sim.run.transcript.messages;
    for (const type of [
      'run.paused',
      'tool.failed',
      'tool.unknown',
      'limit.reached',
      'attempt.scheduled',
      'tool.late_result',
    ] as const) {
      const [body] = fc.sample(anyEvent(type), 1);
      if (body === undefined) throw new Error('no sample');
      expect(extend(sim.run, { ...body, seq: sim.run.state.head + 1, at: 0 } as RunEvent).transcript.messages).toEqual(
        shownBefore,
      );
    }
    expect(text('x')).toEqual([{ type: 'text', text: 'x' }]);
  });
});

describe('a call that was called already', () => {
  it('is not made ready again by an approval that nobody asked for', () => {
    const sim = started();
    asksFor(sim, 'once');
    const [call] = sim.open();
    const approved = evolve(sim.run.state, {
      type: 'approval.decided',
      data: { call: call?.id ?? '', hash: '0'.repeat(64), decision: 'approved', by: person },
      seq: sim.run.state.head + 1,
      at: sim.now,
    });
    expect(approved).toMatchObject({ problem: { reason: 'approval.decided does not follow on a call that is open' } });
    expect(decide(approved, sim.now)).toEqual([]);
  });
});
