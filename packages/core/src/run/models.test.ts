import { describe, expect, it } from 'vitest';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  asksFor,
  answers,
  concludes,
  crashes,
  lastOf,
  live,
  openModel,
  speaks,
  started,
} from './testing/steps.ts';
import { version } from './testing/versions.ts';

const cheap = { input_per_mtok: 1, output_per_mtok: 1 };
const chain = {
  ...version().model,
  name: 'a',
  fallbacks: [
    { name: 'b', prices: cheap },
    { name: 'c', prices: null },
  ],
};
const policy = { attempts: 5, first: 1_000, factor: 2, max: 60_000, timeout: 10_000 };
const withFallbacks = (attempts = 5): Simulation => started({ model: chain, retries: { ...policy, attempts } });

type FailureClass = 'not-sent' | 'rate-limited' | 'transient' | 'permanent';
const fails = (sim: Simulation, how: FailureClass = 'transient', retryAfterMs?: number): void => {
  const after = retryAfterMs === undefined ? {} : { retryAfterMs };
  sim.do({ type: 'model_failed', ...openModel(sim), class: how, message: 'no', ...after });
};
const models = (sim: Simulation): string[] => allOf(sim, 'model.called').map(({ model }) => model);

describe('fallback models', () => {
  it('are asked in turn, and then the first again', () => {
    const sim = withFallbacks();
    for (const _ of [1, 2, 3, 4]) {
      fails(sim);
      sim.advanceToNext();
    }
    expect(models(sim)).toEqual(['a', 'b', 'c', 'a', 'b']);
  });

  it.each<[string, (sim: Simulation) => unknown]>([
    ['not sent', (sim) => fails(sim, 'not-sent')],
    ['rate-limited', (sim) => fails(sim, 'rate-limited')],
    ['rate-limited with Retry-After', (sim) => fails(sim, 'rate-limited', 90_000)],
    ['lost in a crash', (sim) => crashes(sim)],
  ])('are asked after a call that was %s', (_, happens) => {
    const sim = withFallbacks();
    happens(sim);
    sim.advanceToNext();
    expect(models(sim)).toEqual(['a', 'b']);
  });

  it('are not asked after a permanent failure', () => {
    const sim = withFallbacks();
    fails(sim, 'permanent');
    expect(lastOf(sim, 'run.failed').code).toBe('model_failed');
    expect(models(sim)).toEqual(['a']);
  });

  it('begin anew with each step, and after an interruption', () => {
    const sim = withFallbacks();
    fails(sim);
    sim.advanceToNext();
    answers(sim, asksFor(sim, 'read'));
    fails(sim);
    sim.advanceToNext();
    speaks(sim, 'interrupt');
    sim.do({ type: 'model_aborted', ...openModel(sim), content: [] });
    expect(models(sim)).toEqual(['a', 'b', 'a', 'b', 'a']);
  });

  it("begin anew with a person's retry", () => {
    const sim = withFallbacks(2);
    fails(sim);
    sim.advanceToNext();
    fails(sim);
    sim.say({ type: 'resolve_call', call: 'm1', how: 'retry', by: person });
    sim.look();
    expect(models(sim)).toEqual(['a', 'b', 'a']);
  });

  it('are reserved for and paid by their own prices', () => {
    const sim = withFallbacks();
    const [first] = allOf(sim, 'model.called');
    fails(sim);
    sim.advanceToNext();
    const second = lastOf(sim, 'model.called');
    expect(first?.prices).toEqual(chain.prices);
    expect(second.prices).toEqual(cheap);
    expect(second.reservation.cost_usd_micros).toBe(1);
    concludes(sim);
    expect(lastOf(sim, 'model.answered').charge).toMatchObject({ model: 'b', cost_usd_micros: 1 });
  });

  it('do not wait for as long as another model wants to be left alone', () => {
    const sim = withFallbacks();
    fails(sim, 'rate-limited', 90_000);
    expect(lastOf(sim, 'attempt.scheduled')).toMatchObject({ at: sim.now + policy.first, burns: false });
    sim.advanceToNext();
    fails(sim, 'rate-limited', 90_000);
    sim.advanceToNext();
    fails(sim, 'rate-limited', 80_000);
    expect(lastOf(sim, 'attempt.scheduled')).toMatchObject({ at: sim.now + 80_000, burns: false });
  });

  it('leave an agent without them as it was: the one model, after its Retry-After', () => {
    const sim = started({ retries: policy });
    fails(sim, 'rate-limited', 90_000);
    expect(lastOf(sim, 'attempt.scheduled').at).toBe(sim.now + 90_000);
    sim.advanceToNext();
    expect(models(sim)).toEqual(['rehearsal', 'rehearsal']);
    const { turn } = live(sim);
    expect(turn.at).toBe('model');
  });
});
