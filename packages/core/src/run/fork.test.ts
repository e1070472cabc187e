import { describe, expect, it } from 'vitest';
import { text } from '@holdfast/contracts';
import { begunAfter } from './begun-after.ts';
import { lastGoodEvent } from './last-good-event.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
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
  phaseOf,
  shown,
  speaks,
  started,
  timesOut,
} from './testing/steps.ts';
import { tool, version } from './testing/versions.ts';

const seqOf = (sim: Simulation, type: string): number => sim.events.findLast((event) => event.type === type)?.seq ?? 0;
const goodOf = (sim: Simulation): number => lastGoodEvent(sim.run.state.run, sim.run.state.version, sim.events);

describe('a fork', () => {
  it('inherits results and begins anew what had not ended', () => {
    const sim = started();
    const [read = '', wait = '', ask = '', guarded = ''] = asks(
      sim,
      'read',
      ['wait', { seconds: 60 }],
      ['ask', { question: 'well?' }],
      ['guarded', { amount: 20 }],
    );
    answers(sim, read, 'found');
    speaks(sim, 'queue');
    sim.say({ type: 'pause', by: person });
    sim.advanceTime(10_000);
    const fork = sim.fork(sim.events.length);
    expect([read, wait, ask, guarded].map((call) => phaseOf(fork, call))).toEqual(['done', 'new', 'new', 'new']);
    expect(live(fork)).toMatchObject({ paused: false, inbox: [], createdAt: sim.now, spent: { steps: 0, tokens: 0 } });
    expect(fork.run.transcript.undelivered).toEqual([]);
    expect(during(fork, () => fork.claim())).toEqual([
      'run.admitted',
      'run.claimed',
      'wait.began',
      'question.asked',
      'approval.asked',
    ]);
    expect(shown(fork)).toContain('tool: found');
  });

  it('has keys of its own', () => {
    const sim = started();
    asks(sim, 'read');
    const fork = sim.fork(sim.events.length);
    fork.claim();
    expect(sim.begun[0]?.key).not.toBe(fork.begun[0]?.key);
    expect(fork.begun[0]?.attempt).toBe(1);
  });

  it('takes the tools, the words and the limits of its version, another input, and a message', () => {
    const sim = started();
    asks(sim, 'read');
    const other = version({ id: '018f0000-0000-7000-8000-000000000002', number: 2, instructions: 'Other.', tools: [] });
    const message = { id: '018f0000-0000-7000-9000-000000000001', content: text('and mind the gap') };
    const fork = sim.fork(seqOf(sim, 'model.answered'), { input: text('changed'), message }, other);
    expect(lastOf(fork, 'run.forked')).toMatchObject({ version: 2, version_id: other.id, from: sim.run.state.run });
    fork.claim();
    expect(shown(fork)).toEqual([
      'system: Other.',
      'user: changed',
      'assistant: ',
      'tool: Not run: the user spoke first.',
      'user: and mind the gap',
    ]);
  });

  it('of a run that waits at its limit has all of it again', () => {
    const sim = started({ limits: { ...version().limits, steps: 1 } });
    asks(sim, 'read');
    expect(attention(sim)).toEqual(['limit']);
    const fork = sim.fork(sim.events.length);
    fork.claim();
    expect(fork.begun).toHaveLength(1);
  });
});

describe('a once call that the source has begun', () => {
  /** The source pays and goes on to its end; the fork stands before the payment. */
  function paid(): { sim: Simulation; fork: Simulation; call: string } {
    const sim = started();
    const call = asksFor(sim, 'once', { amount: 1 });
    answers(sim, call, 'paid');
    concludes(sim);
    const fork = sim.fork(seqOf(sim, 'model.answered') - 5);
    return { sim, fork, call };
  }

  it('asks first, also at another place of the log', () => {
    const { fork } = paid();
    fork.claim();
    const call = asksFor(fork, 'once', { amount: 1 });
    expect(attention(fork)).toEqual(['duplicate-after-fork']);
    expect(fork.begun).toEqual([]);
    fork.say({ type: 'decide_duplicate', call, decision: 'reuse', by: person });
    fork.look();
    expect(shown(fork)).toContain('tool: paid');
    // And again: it is the same call.
    asksFor(fork, 'once', { amount: 1 });
    expect(attention(fork)).toEqual(['duplicate-after-fork']);
    asksFor(started(), 'once');
  });

  it('does not ask about other arguments, another tool, or one that may be repeated', () => {
    const { fork } = paid();
    fork.claim();
    asks(fork, ['once', { amount: 2 }], ['read', { amount: 1 }], ['same', { amount: 1 }]);
    expect(attention(fork)).toEqual([]);
    expect(fork.begun).toHaveLength(3);
  });

  it('is called when a person says so, once its approval is given, too', () => {
    const guarded = tool('once', { approval: { by: { role: 'operator', count: 1 }, then: 'deny' } });
    const sim = started({ tools: [guarded] });
    const call = asksFor(sim, 'once');
    const approve = (run: Simulation): void => {
      const { hash } = lastOf(run, 'approval.asked');
      run.say({ type: 'decide_approval', call, hash, decision: 'approved', by: person });
      run.look();
    };
    approve(sim);
    answers(sim, call);
    const fork = sim.fork(seqOf(sim, 'approval.asked'));
    fork.claim();
    expect(attention(fork)).toEqual(['duplicate-after-fork']);
    fork.say({ type: 'decide_duplicate', call, decision: 'call', by: person });
    fork.look();
    expect(attention(fork)).toEqual(['approval']);
    approve(fork);
    expect(fork.begun).toHaveLength(1);
  });

  it('is asked about when a person writes its arguments into another call, before their approval', () => {
    const sim = started({ tools: [tool('once', { approval: { by: { role: 'operator', count: 1 }, then: 'deny' } })] });
    const approve = (run: Simulation, call: string): void => {
      run.say({
        type: 'decide_approval',
        call,
        hash: lastOf(run, 'approval.asked').hash,
        decision: 'approved',
        by: person,
      });
      run.look();
    };
    const made = asksFor(sim, 'once', { amount: 1 });
    approve(sim, made);
    answers(sim, made, 'paid');
    // Before the model was asked for the first time.
    const fork = sim.fork(3);
    fork.claim();
    const call = asksFor(fork, 'once', { amount: 2 });
    const { hash } = lastOf(fork, 'approval.asked');
    expect(fork.say({ type: 'change_arguments', call, hash, arguments: { amount: 1 }, by: person })).toBe(true);
    fork.look();
    expect(attention(fork)).toEqual(['duplicate-after-fork']);
    fork.say({ type: 'decide_duplicate', call, decision: 'call', by: person });
    fork.look();
    expect(attention(fork)).toEqual(['approval']);
    approve(fork, call);
    expect(fork.begun).toHaveLength(1);
  });

  it('has no result to reuse when nobody knows it', () => {
    const sim = started();
    const call = asksFor(sim, 'once');
    crashes(sim);
    expect(phaseOf(sim, call)).toBe('unknown');
    const fork = sim.fork(sim.events.length);
    fork.claim();
    expect(fork.say({ type: 'decide_duplicate', call, decision: 'reuse', by: person })).toBe(false);
    expect(fork.refusals).toEqual(['nothing_to_reuse']);
    expect(fork.say({ type: 'decide_duplicate', call, decision: 'skip', by: person })).toBe(true);
    expect(fork.say({ type: 'decide_duplicate', call, decision: 'skip', by: person })).toBe(false);
    expect(fork.refusals).toEqual(['nothing_to_reuse', 'duplicate_not_open']);
  });

  it('gives way to a user who speaks', () => {
    const { fork } = paid();
    fork.claim();
    const call = asksFor(fork, 'once', { amount: 1 });
    speaks(fork, 'steer');
    expect(lastOf(fork, 'tool.not_run')).toMatchObject({ call, why: 'user-spoke' });
  });

  it.each<[string, (sim: Simulation, call: string) => void, number]>([
    ['that never left', (sim, call) => void isNotSent(sim, call), 0],
    ['whose answer came', (sim, call) => void answers(sim, call), 1],
    ['that timed out', (sim, call) => void timesOut(sim, call), 1],
    [
      'that a person settled',
      (sim, call) => {
        timesOut(sim, call);
        sim.say({ type: 'resolve_effect', call, how: 'fail', by: person });
      },
      1,
    ],
  ])('%s counts as begun beyond its answer: %#', (_what, act, count) => {
    const sim = started();
    const call = asksFor(sim, 'once');
    act(sim, call);
    expect(begunAfter(sim.events, seqOf(sim, 'model.answered'))).toHaveLength(count);
    const settled = sim.events.some((event) => event.type === 'tool.returned' || event.type === 'tool.resolved');
    expect(begunAfter(sim.events, sim.events.length)).toHaveLength(settled ? 0 : count);
  });

  it('of the source of the source asks as well', () => {
    const { sim, fork, call } = paid();
    const before = fork.fork(1);
    expect(before.run.state).toMatchObject({ began: [{ key: `${sim.run.state.run}.${call}` }] });
    fork.claim();
    const after = fork.fork(fork.events.length);
    expect(after.run.state).toMatchObject({ began: [{ key: `${sim.run.state.run}.${call}` }] });
  });
});

describe('the last good event', () => {
  it('is the newest result of a run that failed', () => {
    const sim = started();
    const call = asksFor(sim, 'read');
    answers(sim, call);
    const good = sim.events.findLast((event) => event.type === 'tool.returned')?.seq;
    sim.do({
      type: 'model_failed',
      call: 'm2',
      attempt: 1,
      class: 'permanent',
      message: 'no',
    });
    expect(endOf(sim)).toBe('failed');
    expect(goodOf(sim)).toBe(good);
  });

  it('lies before the final answer, and before what does not fit', () => {
    const sim = started();
    concludes(sim);
    expect(goodOf(sim)).toBe(seqOf(sim, 'run.admitted'));
    const broken = started();
    asksFor(broken, 'read');
    const good = seqOf(broken, 'model.answered');
    broken.do({ type: 'log_went_back', expected: 9, found: 3 });
    broken.say({ type: 'cancel', by: person });
    broken.look();
    expect(goodOf(broken)).toBe(good);
  });
});
