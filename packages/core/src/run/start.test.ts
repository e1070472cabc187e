import { describe, expect, it } from 'vitest';
import { project } from '../log/projection.ts';
import { decide } from './decide.ts';
import { begin } from './state.ts';
import { nextTime } from './attention.ts';
import { person, RUN, Simulation } from './testing/simulation.suite.ts';
import { during, endOf, lastOf, live } from './testing/steps.ts';
import { limits, version } from './testing/versions.ts';

const NOW = 1_000_000;
/** A run that was created and not claimed. */
const asked = (startAt?: number, expiresAt?: number, over = {}): Simulation =>
  new Simulation(version(over), 'hello', [], {
    ...(startAt === undefined ? {} : { startAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
const projected = (sim: Simulation) => project(sim.run.state, sim.run.state, sim.now);

describe('a run for later', () => {
  it('waits for its time, and is due then', () => {
    const sim = asked(NOW + 60_000);
    expect(lastOf(sim, 'run.created').start_at).toBe(NOW + 60_000);
    expect(decide(sim.run.state, sim.now)).toEqual([]);
    expect(projected(sim)).toMatchObject({
      status: 'queued',
      waitingFor: [{ reason: 'timer', since: NOW, until: NOW + 60_000, ref: null }],
      dueAt: NOW + 60_000,
    });
    sim.advanceTime(59_999);
    expect(decide(sim.run.state, sim.now)).toEqual([]);
    sim.advanceTime(1);
    expect(decide(sim.run.state, sim.now)).toMatchObject([{ do: 'call-model' }]);
    expect(projected(sim)).toMatchObject({ waitingFor: [{ reason: 'capacity' }], dueAt: sim.now });
  });

  it('is looked at again at its time when it is spoken to before', () => {
    const sim = asked(NOW + 60_000);
    sim.say({
      type: 'send_message',
      id: '018f0000-0000-7000-9000-00000000000a',
      mode: 'steer',
      content: [],
      by: person,
    });
    expect(projected(sim).dueAt).toBe(NOW + 60_000);
    sim.say({ type: 'pause', by: person });
    expect(projected(sim)).toMatchObject({ status: 'paused', dueAt: NOW + 60_000 + limits.deadline_ms });
    sim.say({ type: 'resume', by: person });
    expect(projected(sim).dueAt).toBe(NOW + 60_000);
  });

  it('has its deadline counted from its start', () => {
    const sim = asked(NOW + 60_000, undefined, { limits: { ...limits, deadline_ms: 1_000 } });
    sim.advanceTime(60_500);
    sim.claim();
    expect(live(sim).stop).toBeNull();
    expect(nextTime(sim.run.state)).toBe(NOW + 61_000);
    sim.advanceTime(500);
    sim.look();
    expect(lastOf(sim, 'limit.reached')).toMatchObject({ limit: 'deadline_ms', spent: 1_000 });
  });

  it('with a start that has passed begins at once, its deadline counted from its creation', () => {
    const sim = asked(NOW - 60_000, undefined, { limits: { ...limits, deadline_ms: 1_000 } });
    expect(projected(sim).dueAt).toBe(NOW);
    sim.claim();
    expect(sim.types().at(-1)).toBe('model.called');
    expect(nextTime(sim.run.state)).toBe(NOW + 1_000);
  });

  it('that is claimed before is let go until its time', () => {
    const sim = asked(NOW + 60_000);
    sim.claim();
    expect(sim.types()).toEqual(['run.created', 'run.admitted', 'run.claimed']);
    expect(projected(sim)).toMatchObject({
      status: 'waiting',
      waitingFor: [{ reason: 'timer', until: NOW + 60_000 }],
      dueAt: NOW + 60_000,
    });
    expect(sim.advanceToNext()).toBe(true);
    expect(sim.now).toBe(NOW + 60_000);
    expect(sim.types().at(-1)).toBe('model.called');
  });

  it('can be cancelled before', () => {
    const sim = asked(NOW + 60_000);
    sim.say({ type: 'cancel', by: person });
    expect(projected(sim).dueAt).toBe(NOW);
    sim.claim();
    expect(endOf(sim)).toBe('cancelled');
  });

  it('is a run like any other once it has begun, and so is its fork', () => {
    const sim = asked(NOW + 60_000, NOW + 70_000);
    sim.advanceTime(60_000);
    sim.claim();
    expect(nextTime(sim.run.state)).toBe(NOW + 60_000 + limits.deadline_ms);
    const fork = sim.fork(1);
    fork.now = NOW;
    expect(decide(fork.run.state, NOW)).toMatchObject([{ do: 'call-model' }]);
    expect(live(fork)).toMatchObject({ startAt: null, expiresAt: null });
  });
});

describe('a run that expires', () => {
  it('leaves that to be done with its first event, and only with that', () => {
    const sim = asked(undefined, NOW + 5_000);
    expect(project(begin(RUN, version()), sim.run.state, NOW).outbox).toEqual([
      { kind: 'expiry', subject: RUN, at: NOW + 5_000 },
    ]);
    expect(projected(sim).outbox).toEqual([]);
    expect(project(begin(RUN, version()), asked().run.state, NOW).outbox).toEqual([]);
  });

  it.each([
    ['told so', (sim: Simulation) => sim.do({ type: 'expire' })],
    ['claimed too late', (sim: Simulation) => sim.claim()],
  ])('fails when it is %s', (_, act) => {
    const sim = asked(undefined, NOW + 5_000);
    sim.advanceTime(5_000);
    expect(during(sim, () => act(sim))).toEqual(['run.failed']);
    expect(lastOf(sim, 'run.failed').code).toBe('expired');
    expect(projected(sim)).toMatchObject({ status: 'failed', dueAt: null });
  });

  it.each<[string, string, (sim: Simulation) => unknown]>([
    ['too early', 'not_expired', (sim) => sim.advanceTime(-1)],
    ['begun', 'run_begun', (sim) => (sim.advanceTime(-1), sim.claim(), sim.advanceTime(1))],
    ['cancelled', 'run_begun', (sim) => sim.say({ type: 'cancel', by: person })],
    ['over', 'run_ended', (sim) => sim.claim()],
  ])('does not when it is %s', (_, code, before) => {
    const sim = asked(undefined, NOW + 5_000);
    sim.advanceTime(5_000);
    before(sim);
    expect(sim.do({ type: 'expire' })).toBe(false);
    expect(sim.refusals.at(-1)).toBe(code);
  });

  it('does not when nobody asked for it', () => {
    const sim = asked();
    sim.advanceTime(60_000);
    expect(sim.do({ type: 'expire' })).toBe(false);
    sim.claim();
    expect(sim.types().at(-1)).toBe('model.called');
  });

  it('ends as cancelled when somebody cancelled it in time', () => {
    const sim = asked(undefined, NOW + 5_000);
    sim.say({ type: 'cancel', by: person });
    sim.advanceTime(5_000);
    sim.claim();
    expect(endOf(sim)).toBe('cancelled');
  });
});
