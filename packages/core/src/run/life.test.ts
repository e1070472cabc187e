import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import type { OutsideCommand, WorkerCommand } from './command.ts';
import { handle } from './handle.ts';
import { begin } from './state.ts';
import { person, RUN, Simulation } from './testing/simulation.suite.ts';
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
  started,
  timesOut,
} from './testing/steps.ts';
import { limits, version } from './testing/versions.ts';

const pause = (sim: Simulation): boolean => sim.say({ type: 'pause', by: person });
const resume = (sim: Simulation): boolean => sim.say({ type: 'resume', by: person });
const cancel = (sim: Simulation): boolean => sim.say({ type: 'cancel', by: person });

describe('the beginning', () => {
  it('is one event with the limits of the version, lowered by whoever starts', () => {
    const handled = handle(begin(RUN, version()), {
      type: 'create',
      input: text('hi'),
      limits: { steps: 3 },
      metadata: { a: 'b' },
      by: person,
      at: 1,
    });
    expect(handled).toMatchObject({
      events: [
        {
          type: 'run.created',
          data: { version: 1, agent: 'tester', limits: { ...limits, steps: 3 }, metadata: { a: 'b' } },
        },
      ],
    });
  });

  it('comes first', () => {
    expect(handle(begin(RUN, version()), { type: 'pause', by: person, at: 1 })).toMatchObject({
      refused: { code: 'not_created' },
    });
    const sim = new Simulation();
    sim.say({ type: 'create', input: [], metadata: {}, by: person });
    expect(sim.refusals).toEqual(['already_created']);
  });

  it('admits once, and the first claim carries the first intent', () => {
    const sim = new Simulation();
    expect(during(sim, () => sim.claim())).toEqual(['run.admitted', 'run.claimed', 'model.called']);
    expect(live(sim).holder).toBe('w1');
    asksFor(sim, 'wait', { seconds: 9 });
    expect(during(sim, () => sim.claim('w2'))).toEqual(['run.claimed']);
    expect(live(sim).holder).toBe('w2');
    crashes(sim);
    expect(live(sim).holder).toBe('w2');
  });
});

describe('a paused run', () => {
  it.each<[string, () => Simulation, (sim: Simulation) => unknown, string[], string[]]>([
    ['the model answers', started, (sim) => asksFor(sim, 'read'), ['model.answered'], ['tool.called']],
    ['the model concludes', started, concludes, ['model.answered'], ['run.succeeded']],
    ['a tool answers', () => reading(), (sim) => answers(sim, read(sim)), ['tool.returned'], ['model.called']],
    [
      'a tool gives no answer',
      () => reading(),
      (sim) => timesOut(sim, read(sim)),
      ['tool.failed', 'attempt.scheduled'],
      [],
    ],
    [
      'the worker dies',
      () => reading(),
      crashes,
      ['run.taken_over', 'tool.failed', 'attempt.scheduled'],
      ['tool.called'],
    ],
    [
      'a timer is over',
      () => waiting(),
      (sim) => (sim.advanceTime(9_000), sim.look()),
      [],
      ['wait.ended', 'model.called'],
    ],
  ])('writes what happens and begins nothing: %s', (_, prepare, happen, types, afterwards) => {
    const sim = prepare();
    pause(sim);
    expect(during(sim, () => happen(sim))).toEqual(types);
    expect(during(sim, () => sim.look())).toEqual([]);
    resume(sim);
    expect(during(sim, () => sim.look())).toEqual(afterwards);
  });

  const reading = (): Simulation => ((sim) => (asksFor(sim, 'read'), sim))(started());
  const read = (sim: Simulation): string => sim.begun[0]?.call ?? '';
  const waiting = (): Simulation => ((sim) => (asksFor(sim, 'wait', { seconds: 9 }), sim))(started());

  it('can be paused before it is claimed; then nothing but the claim happens', () => {
    const sim = new Simulation();
    pause(sim);
    expect(during(sim, () => sim.claim())).toEqual(['run.admitted', 'run.claimed']);
  });

  it('takes decisions of people, which act once it goes on', () => {
    const sim = started();
    const call = asksFor(sim, 'ask', { question: 'Well?' });
    pause(sim);
    sim.say({ type: 'answer_question', call, answer: 'yes', by: person });
    expect(during(sim, () => sim.look())).toEqual([]);
    resume(sim);
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
  });

  it('is paused and resumed once', () => {
    const sim = started();
    resume(sim);
    sim.say({ type: 'pause', by: person, reason: 'lunch' });
    pause(sim);
    expect(sim.refusals).toEqual(['run_not_paused', 'run_already_paused']);
    expect(lastOf(sim, 'run.paused')).toEqual({ by: person, reason: 'lunch' });
  });
});

describe('cancel', () => {
  it.each<[string, (sim: Simulation) => unknown]>([
    ['before it is claimed', () => undefined],
    [
      'while the model waits for its next attempt',
      (sim) => (sim.claim(), sim.do({ type: 'model_failed', ...openModel(sim), class: 'transient', message: '' })),
    ],
    ['while attempts are exhausted', (sim) => (sim.claim(), exhaust(sim))],
    ['while an approval is open', (sim) => (sim.claim(), asksFor(sim, 'guarded', { amount: 11 }))],
    ['while a question is open', (sim) => (sim.claim(), asksFor(sim, 'ask', { question: 'x' }))],
    ['while a timer runs', (sim) => (sim.claim(), asksFor(sim, 'wait', { seconds: 99 }))],
    ['while it is paused', (sim) => (sim.claim(), asksFor(sim, 'wait', { seconds: 99 }), pause(sim))],
    ['while its log has a problem', (sim) => (sim.claim(), sim.do({ type: 'log_went_back', expected: 9, found: 2 }))],
  ])('ends the run at once %s', (_, prepare) => {
    const sim = new Simulation();
    prepare(sim);
    cancel(sim);
    expect(during(sim, () => sim.look())).toEqual(['run.cancelled']);
    expect(lastOf(sim, 'run.cancelled')).toEqual({ unresolved: [] });
    expect(attention(sim)).toEqual([]);
  });

  function exhaust(sim: Simulation): void {
    const call = asksFor(sim, 'read');
    for (let attempt = 1; attempt <= 3; attempt += 1) crashes(sim);
    expect(phaseOf(sim, call)).toBe('exhausted');
  }

  it.each([
    [
      'is cut off',
      (sim: Simulation) => sim.do({ type: 'model_aborted', ...openModel(sim), content: text('half') }),
      'model.interrupted',
    ],
    ['answers all the same', (sim: Simulation) => asks(sim, 'once'), 'model.answered'],
    [
      'fails',
      (sim: Simulation) => sim.do({ type: 'model_failed', ...openModel(sim), class: 'permanent', message: '' }),
      'model.failed',
    ],
  ])('aborts the model call, which %s, then ends', (_, happen, type) => {
    const sim = started();
    cancel(sim);
    sim.look();
    expect(sim.aborted).toEqual(['m1']);
    expect(during(sim, () => happen(sim))).toEqual([type, 'run.cancelled']);
    expect(allOf(sim, 'model.interrupted').map((data) => data.why)).toEqual(
      type === 'model.interrupted' ? ['cancel'] : [],
    );
    expect(sim.begun).toEqual([]);
  });

  it('ends with the effects of which nobody knows', () => {
    const sim = started();
    const [one = '', two = ''] = asks(sim, 'once', 'once');
    timesOut(sim, one);
    cancel(sim);
    sim.look();
    expect([...new Set(sim.aborted)], 'only so that it does not begin any more').toEqual([two]);
    expect(attention(sim)).toEqual(['unknown-effect']);
    sim.advanceTime(10_000);
    sim.look();
    expect(lastOf(sim, 'run.cancelled')).toEqual({ unresolved: [one, two] });
    expect(lastOf(sim, 'tool.unknown')).toMatchObject({ call: two, attempt: 1 });
  });

  it.each<[string, (sim: Simulation) => unknown]>([
    ['a question', (sim) => asks(sim, 'once', ['ask', { question: 'x' }])],
    ['an approval', (sim) => asks(sim, 'once', ['guarded', { amount: 11 }])],
    [
      'exhausted attempts',
      (sim) => {
        const [, read = ''] = asks(sim, 'once', 'once');
        for (let time = 1; time <= 3; time += 1) {
          isNotSent(sim, read);
          sim.advanceToNext();
        }
      },
    ],
    [
      'a changed tool',
      (sim) => {
        const [, read = ''] = asks(sim, 'once', 'read');
        sim.do({ type: 'tool_changed', call: read, attempt: 1, found: null });
      },
    ],
  ])('asks nobody about %s while a `once` call has its grace', (_, prepare) => {
    const sim = started();
    prepare(sim);
    cancel(sim);
    sim.look();
    expect(endOf(sim)).toBe('live');
    expect(attention(sim)).toEqual([]);
  });

  it('asks nobody about a limit while a `once` call has its grace', () => {
    const sim = started({ limits: { ...limits, steps: 2 } });
    asks(sim, 'once', 'once');
    expect(attention(sim)).toEqual(['limit']);
    cancel(sim);
    sim.look();
    expect(attention(sim)).toEqual([]);
  });

  it('is asked once, and keeps its reason', () => {
    const sim = started();
    sim.say({ type: 'cancel', by: person, reason: 'enough' });
    cancel(sim);
    expect(sim.refusals).toEqual(['run_stopping']);
    expect(lastOf(sim, 'run.cancel_requested')).toEqual({ by: person, reason: 'enough' });
  });

  it('takes no pause, since nothing new begins anyway', () => {
    const sim = started();
    cancel(sim);
    pause(sim);
    expect(sim.refusals).toEqual(['run_stopping']);
    sim.do({ type: 'model_aborted', ...openModel(sim), content: [] });
    expect(endOf(sim)).toBe('cancelled');
  });
});

describe('an ended run', () => {
  const by = person;
  const outside: OutsideCommand[] = [
    { type: 'create', input: [], metadata: {}, by },
    { type: 'send_message', id: '018f0000-0000-7000-8000-000000000001', mode: 'steer', content: [], by },
    { type: 'decide_approval', call: '4.0', hash: '', decision: 'approved', by },
    { type: 'answer_question', call: '4.0', answer: 1, by },
    { type: 'resolve_call', call: '4.0', how: 'retry', by },
    { type: 'raise_limit', limit: 'steps', to: 1_000, by },
    { type: 'pause', by },
    { type: 'resume', by },
    { type: 'cancel', by },
  ];
  const worker: WorkerCommand[] = [
    { type: 'claim', worker: 'w' },
    { type: 'take_over', worker: 'w', from: 'v', why: 'restarted', lease_until: 0 },
    { type: 'tool_answered', call: '4.0', attempt: 1, content: [], isError: false },
    { type: 'tool_no_answer', call: '4.0', attempt: 1, message: '' },
  ];

  it.each([...outside, ...worker].map((command) => [command.type, command] as const))('refuses %s', (_, command) => {
    const sim = started();
    concludes(sim);
    const handled = handle(sim.run.state, { ...command, at: sim.now });
    expect(handled).toMatchObject({ refused: { code: 'run_ended' } });
    expect(during(sim, () => sim.look())).toEqual([]);
  });
});

describe('a permanent error of the model', () => {
  it('fails the run with the cause', () => {
    const sim = started();
    expect(
      during(sim, () =>
        sim.do({ type: 'model_failed', ...openModel(sim), class: 'permanent', message: 'no such model' }),
      ),
    ).toEqual(['model.failed', 'run.failed']);
    expect(lastOf(sim, 'run.failed')).toEqual({ code: 'model_failed', detail: 'no such model', unresolved: [] });
    expect(endOf(sim)).toBe('failed');
  });
});

describe('a log that went back', () => {
  it('halts the run: open calls are lost, nothing begins, a person is asked', () => {
    const sim = started();
    const [once = '', read = ''] = asks(sim, 'once', 'read');
    expect(during(sim, () => sim.do({ type: 'log_went_back', expected: 20, found: 6 }))).toEqual([
      'log.went_back',
      'tool.unknown',
      'tool.failed',
      'attempt.scheduled',
    ]);
    expect(attention(sim)).toEqual(['log-problem', 'unknown-effect']);
    expect([once, read].map((call) => phaseOf(sim, call))).toEqual(['unknown', 'scheduled']);
    sim.advanceTime(60_000);
    expect(during(sim, () => sim.look())).toEqual([]);
    expect(live(sim).problem).toMatchObject({ reason: 'the database lost events: 20 were acknowledged, 6 are there' });
  });

  it('of a restored database pauses the run, whose open calls are lost; resumed, it goes on', () => {
    const sim = started();
    const [once = '', read = ''] = asks(sim, 'once', 'read');
    expect(during(sim, () => sim.do({ type: 'restore' }))).toEqual([
      'run.restored',
      'tool.unknown',
      'tool.failed',
      'attempt.scheduled',
      'run.paused',
    ]);
    expect(attention(sim)).toEqual(['unknown-effect']);
    expect([once, read].map((call) => phaseOf(sim, call))).toEqual(['unknown', 'scheduled']);
    sim.advanceTime(60_000);
    expect(during(sim, () => sim.look())).toEqual([]);
    expect(during(sim, () => sim.do({ type: 'restore' }))).toEqual(['run.restored']);
    expect(resume(sim)).toBe(true);
    expect(during(sim, () => sim.look())).toContain('tool.called');
  });

  it('counts a lost model call as an attempt', () => {
    const sim = started();
    sim.do({ type: 'log_went_back', expected: 20, found: 6 });
    expect(modelPhase(sim)).toBe('scheduled');
    expect(allOf(sim, 'model.failed')).toMatchObject([{ class: 'lost' }]);
  });
});
