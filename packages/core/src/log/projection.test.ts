import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { childId } from '../run/children.ts';
import { begin, type RunState } from '../run/state.ts';
import { person, RUN, Simulation } from '../run/testing/simulation.suite.ts';
import {
  answers,
  asks,
  asksFor,
  concludes,
  crashes,
  endOf,
  lastOf,
  openModel,
  speaks,
  started,
  timesOut,
} from '../run/testing/steps.ts';
import { limits, version } from '../run/testing/versions.ts';
import { project, statusOf, waitingFor } from './projection.ts';

const BEGAN = 1_000_000;
const ABOVE = '018f0000-0000-7000-8000-0000000000bb';
const DEADLINE = BEGAN + limits.deadline_ms;

type Made = readonly [
  name: string,
  make: () => Simulation,
  status: string,
  waits: readonly string[],
  dueAt: number | null,
];

const after =
  (prepare: (sim: Simulation) => unknown): (() => Simulation) =>
  () => {
    const sim = started();
    prepare(sim);
    return sim;
  };
const pause = (sim: Simulation): boolean => sim.say({ type: 'pause', by: person });
const cancel = (sim: Simulation): boolean => (sim.say({ type: 'cancel', by: person }), sim.look(), true);
const fails = (sim: Simulation): boolean =>
  sim.do({ type: 'model_failed', ...openModel(sim), class: 'transient', message: 'no' });
const changed = (sim: Simulation): boolean =>
  sim.do({ type: 'tool_changed', call: asksFor(sim, 'read'), attempt: 1, found: null });
const exhausted = (sim: Simulation): void => [1, 2, 3].forEach(() => crashes(sim));

const situations: readonly Made[] = [
  ['not claimed', () => new Simulation(), 'queued', ['capacity'], BEGAN],
  ['not claimed and paused', () => ((sim) => (pause(sim), sim))(new Simulation()), 'paused', [], DEADLINE],
  ['the model open', after(() => undefined), 'running', [], DEADLINE],
  ['the model open in a paused run', after(pause), 'running', [], DEADLINE],
  [
    'a tool open beside an approval',
    after((sim) => asks(sim, 'read', ['guarded', { amount: 11 }])),
    'running',
    [],
    BEGAN + 60_000,
  ],
  ['the model’s next attempt', after(fails), 'waiting', [`timer m1 until ${BEGAN + 1_000}`], BEGAN + 1_000],
  [
    'a timer',
    after((sim) => asksFor(sim, 'wait', { seconds: 5 })),
    'waiting',
    [`timer 5.0 until ${BEGAN + 5_000}`],
    BEGAN + 5_000,
  ],
  [
    'a timer in a paused run',
    after((sim) => (asksFor(sim, 'wait', { seconds: 5 }), pause(sim))),
    'paused',
    [`timer 5.0 until ${BEGAN + 5_000}`],
    DEADLINE,
  ],
  ['a question', after((sim) => asksFor(sim, 'ask', { question: 'x' })), 'waiting', ['input 5.0'], DEADLINE],
  [
    'a question, answered',
    after((sim) =>
      sim.say({ type: 'answer_question', call: asksFor(sim, 'ask', { question: 'x' }), answer: '', by: person }),
    ),
    'waiting',
    ['capacity'],
    BEGAN,
  ],
  [
    'an approval',
    after((sim) => asksFor(sim, 'guarded', { amount: 11 })),
    'waiting',
    [`attention 5.0 until ${BEGAN + 60_000}`],
    BEGAN + 60_000,
  ],
  ['an unknown effect', after((sim) => timesOut(sim, asksFor(sim, 'once'))), 'waiting', ['attention 5.0'], DEADLINE],
  ['a changed tool', after(changed), 'waiting', ['attention 5.0'], DEADLINE],
  ['exhausted attempts of the model', after(exhausted), 'waiting', ['attention m1'], DEADLINE],
  [
    'exhausted attempts of a tool',
    after((sim) => (asksFor(sim, 'read'), exhausted(sim))),
    'waiting',
    ['attention 5.0'],
    DEADLINE,
  ],
  [
    'a limit',
    () => ((sim) => (asks(sim, 'read'), sim))(started({ limits: { ...limits, steps: 1 } })),
    'waiting',
    ['attention limit'],
    DEADLINE,
  ],
  [
    'two things',
    after((sim) => asks(sim, ['wait', { seconds: 5 }], ['ask', { question: 'x' }])),
    'waiting',
    [`timer 5.0 until ${BEGAN + 5_000}`, 'input 5.1'],
    BEGAN + 5_000,
  ],
  [
    'a run below',
    after((sim) => asksFor(sim, 'helper', { input: 'help' })),
    'waiting',
    [`child ${childId(RUN, '5.0', BEGAN)}`],
    DEADLINE,
  ],
  ['a run below and a tool', after((sim) => asks(sim, ['helper', { input: 'help' }], 'read')), 'running', [], DEADLINE],
  [
    'a cancel that waits for a run below',
    after((sim) => (asksFor(sim, 'helper', { input: 'help' }), cancel(sim))),
    'waiting',
    [`child ${childId(RUN, '5.0', BEGAN)}`],
    null,
  ],
  [
    'a message to be delivered',
    after((sim) => (asksFor(sim, 'guarded', { amount: 11 }), steered(sim))),
    'waiting',
    [`attention 5.0 until ${BEGAN + 60_000}`],
    BEGAN,
  ],
  [
    'a problem of the log',
    after((sim) => sim.do({ type: 'log_went_back', expected: 9, found: 2 })),
    'waiting',
    ['attention log'],
    DEADLINE,
  ],
  [
    'a cancel that waits for a `once` call',
    after((sim) => (asksFor(sim, 'once'), cancel(sim))),
    'running',
    [],
    BEGAN + 10_000,
  ],
  [
    'a cancel before a worker has seen it',
    after((sim) => (asksFor(sim, 'wait', { seconds: 5 }), sim.say({ type: 'cancel', by: person }))),
    'waiting',
    [`timer 5.0 until ${BEGAN + 5_000}`],
    BEGAN,
  ],
  ['success', after(concludes), 'succeeded', [], null],
  ['a cancel', after((sim) => (asksFor(sim, 'wait', { seconds: 5 }), cancel(sim))), 'cancelled', [], null],
  [
    'a failure',
    after((sim) => sim.do({ type: 'model_failed', ...openModel(sim), class: 'permanent', message: 'no' })),
    'failed',
    [],
    null,
  ],
];

function steered(sim: Simulation): boolean {
  return sim.say({
    type: 'send_message',
    id: '018f0000-0000-7000-8000-000000000001',
    mode: 'steer',
    content: text('x'),
    by: person,
  });
}

describe('a projection', () => {
  it.each(situations.map(([name, make, status, waits, dueAt]) => ({ name, make, status, waits, dueAt })))(
    'with $name is $status, waits for $waits',
    ({ make, status, waits, dueAt }) => {
      const { run, now } = make();
      const projection = project(begin(RUN, version()), run.state, now);
      expect(projection.status).toBe(status);
      expect(
        projection.waitingFor.map(({ reason, ref, until }) =>
          [reason, ref, until === null ? null : `until ${until}`].filter((part) => part !== null).join(' '),
        ),
      ).toEqual(waits);
      expect(projection.dueAt).toBe(dueAt);
    },
  );

  it('of a run before its first event is queued and waits for nothing', () => {
    expect(statusOf(begin(RUN, version()))).toBe('queued');
    expect(waitingFor(begin(RUN, version()), 5)).toEqual([]);
  });

  it('says since when it waits', () => {
    const sim = started();
    sim.advanceTime(500);
    asksFor(sim, 'wait', { seconds: 5 });
    const since = sim.now;
    sim.advanceTime(700);
    expect(waitingFor(sim.run.state, sim.now)).toEqual([
      { reason: 'timer', since, until: since + 5_000, ref: lastOf(sim, 'wait.began').call },
    ]);
    expect(waitingFor(new Simulation().run.state, 9)).toMatchObject([{ reason: 'capacity', since: BEGAN }]);
  });

  it('leaves word for the runs below when it pauses, resumes or stops, and only then', () => {
    const sim = started();
    const calls = asks(sim, ['helper', { input: 'one' }], ['helper', { input: 'two' }]);
    const below = calls.map((call) => childId(RUN, call, BEGAN));
    const left = (act: () => unknown): unknown => {
      const before = sim.run.state;
      act();
      return project(before, sim.run.state, sim.now).outbox;
    };
    const word = below.map((subject) => ({ kind: 'child', subject, at: sim.now }));
    expect(left(() => steered(sim))).toEqual([]);
    expect(left(() => pause(sim))).toEqual(word);
    expect(left(() => sim.say({ type: 'resume', by: person }))).toEqual(word);
    expect(left(() => sim.say({ type: 'cancel', by: person }))).toEqual(word);
  });

  it('leaves word for the run above when it ends, and only when there is one', () => {
    const sim = started();
    const before = sim.run.state;
    if (before.phase !== 'live') throw new Error('it has not begun');
    const parent = { run: ABOVE, call: '5.0', root: ABOVE, depth: 1, descendants: 9 };
    concludes(sim);
    const after = sim.run.state;
    if (after.phase !== 'ended') throw new Error('it has not ended');
    expect(project(before, after, 5).outbox).toEqual([]);
    const ended = { ...after, parent };
    expect(project({ ...before, parent }, ended, 5).outbox).toEqual([{ kind: 'child', subject: RUN, at: 5 }]);
    expect(project(ended, ended, 5).outbox).toEqual([]);
  });

  it('has the limits when they are others than before, as after a raise', () => {
    const sim = started();
    const before = sim.run.state;
    asks(sim, 'read');
    expect(project(before, sim.run.state, sim.now).limits).toBeNull();
    const asked = sim.run.state;
    if (asked.phase !== 'live') throw new Error('it has not begun');
    const raised = { ...limits, steps: 500 };
    expect(project(asked, { ...asked, limits: raised }, sim.now).limits).toEqual(raised);
    expect(project(begin(RUN, version()), asked, sim.now).limits).toBeNull();
  });

  it('carries the files of the append', () => {
    const { run } = started();
    const file = { digest: 'a', name: 'x', mediaType: 'text/plain', size: 1 };
    expect(project(run.state, run.state, 0, [file]).artifacts).toEqual([file]);
    expect(project(run.state, run.state, 0).artifacts).toEqual([]);
  });
});

describe('attention rows', () => {
  /** Opened and closed rows by the act. */
  function rows(sim: Simulation, act: () => unknown): { opened: string[]; closed: readonly string[] } {
    const before: RunState = sim.run.state;
    act();
    const { opened, closed } = project(before, sim.run.state, sim.now).attention;
    return { opened: opened.map(({ ref, kind }) => `${kind} ${ref}`), closed };
  }

  it.each<[string, (sim: Simulation) => unknown, string, (sim: Simulation) => unknown]>([
    [
      'an approval',
      (sim) => asksFor(sim, 'guarded', { amount: 11 }),
      'approval 5.0',
      (sim) =>
        sim.say({
          type: 'decide_approval',
          call: '5.0',
          hash: lastOf(sim, 'approval.asked').hash,
          decision: 'denied',
          by: person,
        }),
    ],
    [
      'an approval that expires',
      (sim) => asksFor(sim, 'guarded', { amount: 11 }),
      'approval 5.0',
      (sim) => sim.advanceToNext(),
    ],
    [
      'an approval after the user spoke',
      (sim) => asksFor(sim, 'guarded', { amount: 11 }),
      'approval 5.0',
      (sim) => speaks(sim, 'steer'),
    ],
    [
      'a question',
      (sim) => asksFor(sim, 'ask', { question: 'x' }),
      'question 5.0',
      (sim) => sim.say({ type: 'answer_question', call: '5.0', answer: '', by: person }),
    ],
    [
      'an unknown effect',
      (sim) => timesOut(sim, asksFor(sim, 'once')),
      'unknown-effect 5.0',
      (sim) => sim.say({ type: 'resolve_effect', call: '5.0', how: 'fail', by: person }),
    ],
    [
      'an unknown effect with a late result',
      (sim) => timesOut(sim, asksFor(sim, 'once')),
      'unknown-effect 5.0',
      (sim) => sim.do({ type: 'tool_late_result', call: '5.0', attempt: 1, content: [], isError: false }),
    ],
    [
      'a changed tool',
      changed,
      'tool-changed 5.0',
      (sim) => sim.say({ type: 'resolve_call', call: '5.0', how: 'fail', by: person }),
    ],
    [
      'exhausted attempts',
      (sim) => exhausted(sim),
      'attempts-exhausted m1',
      (sim) => sim.say({ type: 'resolve_call', call: 'm1', how: 'retry', by: person }),
    ],
    ['a question that a cancel made void', (sim) => asksFor(sim, 'ask', { question: 'x' }), 'question 5.0', cancel],
    [
      'exhausted attempts that a cancel made void',
      (sim) => exhausted(sim),
      'attempts-exhausted m1',
      (sim) => sim.say({ type: 'cancel', by: person }),
    ],
  ])('%s opens one and closes it', (_, open, row, close) => {
    const sim = started();
    expect(rows(sim, () => open(sim))).toEqual({ opened: [row], closed: [] });
    expect(rows(sim, () => sim.look())).toEqual({ opened: [], closed: [] });
    expect(rows(sim, () => close(sim))).toEqual({ opened: [], closed: [row.split(' ')[1]] });
  });

  it('a limit opens one, a raise closes it', () => {
    const sim = started({ limits: { ...limits, steps: 1 } });
    expect(rows(sim, () => asks(sim, 'read', 'read'))).toEqual({ opened: ['limit limit'], closed: [] });
    expect(rows(sim, () => sim.say({ type: 'raise_limit', limit: 'steps', to: 9, by: person }))).toEqual({
      opened: [],
      closed: ['limit'],
    });
  });

  it('a limit that is reached again replaces its row', () => {
    const sim = started({ limits: { ...limits, tokens: 1 } });
    sim.advanceTime(5);
    expect(rows(sim, () => (sim.say({ type: 'raise_limit', limit: 'tokens', to: 2, by: person }), sim.look()))).toEqual(
      { opened: ['limit limit'], closed: [] },
    );
  });

  it('a ref that changes its kind is overwritten, not closed', () => {
    const sim = started();
    const call = asksFor(sim, 'guarded', { amount: 11 });
    const hash = lastOf(sim, 'approval.asked').hash;
    expect(
      rows(
        sim,
        () => (
          sim.say({ type: 'decide_approval', call, hash, decision: 'approved', by: person }),
          sim.look(),
          timesOut(sim, call)
        ),
      ),
    ).toEqual({
      opened: [`unknown-effect ${call}`],
      closed: [],
    });
  });

  it('an effect that stays unknown through the end keeps its row', () => {
    const sim = started();
    const call = asksFor(sim, 'once');
    timesOut(sim, call);
    expect(rows(sim, () => cancel(sim))).toEqual({ opened: [], closed: [] });
    expect(endOf(sim)).toBe('cancelled');
    expect(rows(sim, () => sim.say({ type: 'resolve_effect', call, how: 'fail', by: person }))).toEqual({
      opened: [],
      closed: [call],
    });
  });

  it('an effect that becomes unknown with the end opens one', () => {
    const sim = started();
    const call = asksFor(sim, 'once');
    cancel(sim);
    sim.advanceTime(10_000);
    expect(rows(sim, () => sim.look())).toEqual({ opened: [`unknown-effect ${call}`], closed: [] });
  });

  it('the end closes nothing that is still unknown, and opens nothing for what is done', () => {
    const sim = started();
    expect(rows(sim, () => (answers(sim, asksFor(sim, 'once')), concludes(sim)))).toEqual({ opened: [], closed: [] });
  });

  it.each<[string, (sim: Simulation) => unknown, object]>([
    [
      'approval',
      (sim) => asksFor(sim, 'guarded', { amount: 11 }),
      { kind: 'approval', role: 'operator', until: BEGAN + 60_000, call: '5.0', since: BEGAN },
    ],
    [
      'question',
      (sim) => asksFor(sim, 'ask', { question: 'Well?' }),
      { kind: 'question', role: null, until: null, detail: '{"question":"Well?","schema":{"type":"string"}}' },
    ],
    [
      'unknown effect',
      (sim) => timesOut(sim, asksFor(sim, 'once', { a: 1 })),
      { detail: `{"tool":"once","arguments":{"a":1},"why":"time-out","retry_from":${BEGAN + 10_000}}` },
    ],
    ['changed tool', changed, { detail: `{"tool":"read","arguments":{},"expected":"${'0'.repeat(64)}","found":null}` }],
    ['exhausted model', (sim) => exhausted(sim), { call: 'm1', detail: '{"message":"the worker was lost"}' }],
    [
      'log problem',
      (sim) => sim.do({ type: 'log_went_back', expected: 9, found: 2 }),
      {
        ref: 'log',
        call: null,
        detail: '{"seq":5,"reason":"the database lost events: 9 were acknowledged, 2 are there"}',
      },
    ],
  ])('%s: shows what the person needs', (_, open, row) => {
    const sim = started();
    open(sim);
    expect(project(begin(RUN, version()), sim.run.state, sim.now).attention.opened).toMatchObject([row]);
  });
});
