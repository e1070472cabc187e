import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTime } from './attention.ts';
import { decide } from './decide.ts';
import { person, Simulation } from './testing/simulation.suite.ts';
import {
  answers,
  asks,
  asksFor,
  concludes,
  crashes,
  isNotSent,
  live,
  openModel,
  speaks,
  started,
  timesOut,
} from './testing/steps.ts';
import { limits, version } from './testing/versions.ts';

const cancel = (sim: Simulation): boolean => sim.say({ type: 'cancel', by: person });
const pause = (sim: Simulation): boolean => sim.say({ type: 'pause', by: person });
const goesBack = (sim: Simulation): boolean => sim.do({ type: 'log_went_back', expected: 90, found: 3 });
const fails = (sim: Simulation): boolean =>
  sim.do({ type: 'model_failed', ...openModel(sim), class: 'transient', message: 'no' });

describe('the next time at which a rule acts', () => {
  it.each<[string, (sim: Simulation) => unknown, number | 'deadline' | null]>([
    ['the model is open', () => undefined, 'deadline'],
    ['the model waits for its next attempt', fails, 1_000],
    ['a tool waits for its next attempt', (sim) => timesOut(sim, asksFor(sim, 'read')), 1_000],
    ['a timer runs', (sim) => asksFor(sim, 'wait', { seconds: 5 }), 5_000],
    ['two timers run', (sim) => asks(sim, ['wait', { seconds: 9 }], ['wait', { seconds: 5 }]), 5_000],
    ['an approval expires', (sim) => asksFor(sim, 'guarded', { amount: 11 }), 60_000],
    ['a question is open', (sim) => asksFor(sim, 'ask', { question: 'x' }), 'deadline'],
    ['an effect is unknown', (sim) => timesOut(sim, asksFor(sim, 'once')), 'deadline'],
    ['a timer runs in a paused run', (sim) => (asksFor(sim, 'wait', { seconds: 5 }), pause(sim)), 'deadline'],
    ['an attempt is due in a run whose log has a problem', goesBack, 'deadline'],
    ['a cancelled run has a `once` call open', (sim) => (asksFor(sim, 'once'), cancel(sim), sim.look()), 10_000],
    ['a cancelled run has other calls open', (sim) => (asksFor(sim, 'read'), cancel(sim), sim.look()), null],
    ['a cancelled run has the model open', (sim) => (cancel(sim), sim.look()), null],
    ['the run has ended', concludes, null],
  ])('while %s', (_, prepare, after) => {
    const sim = started();
    prepare(sim);
    const expected = after === 'deadline' ? 1_000_000 + limits.deadline_ms : after === null ? null : sim.now + after;
    expect(nextTime(sim.run.state)).toBe(expected);
  });

  it('does not come from an attempt that waits for a limit, but from a timer beside it', () => {
    const sim = started({ limits: { ...limits, steps: 2 } });
    const [read = '', , wait = ''] = asks(sim, 'read', 'read', ['wait', { seconds: 50 }]);
    isNotSent(sim, read);
    expect(live(sim).limit).not.toBeNull();
    expect(wait).not.toBe('');
    expect(nextTime(sim.run.state)).toBe(sim.now + 50_000);
    sim.say({ type: 'raise_limit', limit: 'steps', to: 99, by: person });
    expect(nextTime(sim.run.state)).toBe(sim.now + 1_000);
  });

  it('is null before the beginning', () => {
    expect(nextTime({ phase: 'unborn', run: 'r', version: version(), head: 0, lastAt: 0 })).toBeNull();
  });

  const acts: ((sim: Simulation, n: number) => unknown)[] = [
    (sim, n) => sim.open().length > 0 && endOne(sim, n),
    (sim, n) => sim.open().length > 0 && endOne(sim, n),
    (sim, n) => sim.advanceTime(n % 90_000),
    (sim) => sim.advanceToNext(),
    (sim) => crashes(sim),
    (sim) => pause(sim),
    (sim) => sim.say({ type: 'resume', by: person }),
    (sim, n) => n % 7 === 0 && goesBack(sim),
    (sim, n) => speaks(sim, (['queue', 'steer', 'interrupt'] as const)[n % 3] ?? 'queue'),
    (sim, n) => n % 5 === 0 && cancel(sim),
  ];

  function endOne(sim: Simulation, n: number): void {
    const [call] = sim.open();
    if (call === undefined) return;
    if ('requested' in call) [answers, timesOut, isNotSent][n % 3]?.(sim, call.id);
    else if (n % 4 === 0) fails(sim);
    else
      asks(
        sim,
        ['wait', { seconds: n % 40 }],
        ['guarded', { amount: n % 20 }],
        (['read', 'once', 'same'] as const)[n % 3] ?? 'read',
      );
  }

  it('is never one that has passed with nothing to do: nobody wakes for nothing, for ever', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(acts.length - 1), fc.nat(100_000)), { minLength: 3, maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 200, max: 20_000 }),
        (happenings, steps, tokens) => {
          const sim = new Simulation(version({ limits: { ...limits, steps, tokens } }));
          sim.claim();
          for (const [act, n] of happenings) {
            acts[act]?.(sim, n);
            sim.look();
            const time = nextTime(sim.run.state);
            const idle = decide(sim.run.state, sim.now).length === 0;
            expect(idle && time !== null && time <= sim.now, `${time} has passed`).toBe(false);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  }, 120_000);
});
