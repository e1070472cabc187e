import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { project, waitingFor } from '../log/projection.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import { allOf, attention, concludes, during, endOf, live, started } from './testing/steps.ts';

const lose = (sim: Simulation, execution: string): boolean =>
  sim.do({ type: 'engine_lost', execution, how: 'terminated' });

describe('an execution of the engine that was ended past Holdfast', () => {
  it('is written down, and the first time the run goes on', () => {
    const sim = started();
    expect(during(sim, () => lose(sim, 'one'))).toEqual(['engine.lost']);
    expect(allOf(sim, 'engine.lost')).toEqual([{ execution: 'one', how: 'terminated', restarted: true }]);
    expect(attention(sim)).toEqual([]);
    concludes(sim);
    expect(endOf(sim)).toBe('succeeded');
  });

  it('is written down once, however often it is found', () => {
    const sim = started();
    lose(sim, 'one');
    expect(lose(sim, 'one')).toBe(false);
    expect(sim.refusals).toEqual(['stale_result']);
    expect(attention(sim)).toEqual([]);
  });

  it('asks a person the second time, and nothing begins meanwhile; then the count begins anew', () => {
    const sim = started();
    lose(sim, 'one');
    lose(sim, 'two');
    expect(attention(sim)).toEqual(['engine-problem']);
    // What was under way is kept.
    expect(during(sim, () => concludes(sim))).toEqual(['model.answered']);
    sim.advanceTime(60_000);
    expect(during(sim, () => sim.look())).toEqual([]);
    expect(waitingFor(sim.run.state, sim.now).map(({ reason }) => reason)).toEqual(['attention']);
    sim.say({ type: 'resume_engine', by: person, note: 'once more' });
    expect(attention(sim)).toEqual([]);
    expect(live(sim).engine).toEqual({ lost: [], settled: 'two', problem: null });
    // Its driver finds the same end before it has a new execution.
    expect(lose(sim, 'two')).toBe(false);
    expect(sim.refusals).toEqual(['stale_result']);
    sim.look();
    expect(endOf(sim)).toBe('succeeded');
  });

  it('is looked at again at the deadline alone', () => {
    const sim = started();
    const before = sim.run.state;
    lose(sim, 'one');
    lose(sim, 'two');
    const { dueAt } = project(before, sim.run.state, sim.now);
    expect(dueAt).toBe(live(sim).createdAt + live(sim).limits.deadline_ms);
  });

  it('does not keep a run from being cancelled', () => {
    const sim = started();
    lose(sim, 'one');
    lose(sim, 'two');
    sim.say({ type: 'cancel', by: person });
    sim.look();
    expect(attention(sim)).toEqual([]);
  });

  it('cannot be let go on when nothing is wrong', () => {
    const sim = started();
    sim.say({ type: 'resume_engine', by: person });
    expect(sim.refusals).toEqual(['call_not_open']);
  });

  it('is not inherited by a fork', () => {
    const sim = started();
    lose(sim, 'one');
    lose(sim, 'two');
    const { limits } = live(sim);
    sim.say({
      type: 'fork',
      from: sim.run.state.run,
      input: text('again'),
      limits,
      metadata: {},
      began: [],
      by: person,
    });
    expect(live(sim).engine).toEqual({ lost: [], settled: null, problem: null });
  });
});
