import { text, type MessageMode } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  asks,
  asksFor,
  concludes,
  crashes,
  during,
  endOf,
  lastOf,
  live,
  modelPhase,
  openModel,
  phaseOf,
  shown,
  speaks,
  started,
  timesOut,
} from './testing/steps.ts';

type Situation = () => Simulation;
const situations: Record<string, Situation> = {
  'the model is open': () => started(),
  'the model waits for its next attempt': () => {
    const sim = started();
    sim.do({ type: 'model_failed', ...openModel(sim), class: 'transient', message: 'no' });
    return sim;
  },
  'tools are open': () => asked('once', 'read'),
  'a tool waits for its next attempt': () => {
    const sim = asked('read');
    timesOut(sim, sim.begun[0]?.call ?? '');
    return sim;
  },
  'an effect is unknown': () => {
    const sim = asked('once');
    timesOut(sim, sim.begun[0]?.call ?? '');
    return sim;
  },
  'a timer runs': () => waiting('wait', { seconds: 60 }),
  'a question is open': () => waiting('ask', { question: 'Well?' }),
  'an approval is open': () => waiting('guarded', { amount: 11 }),
};

function asked(...tools: string[]): Simulation {
  const sim = started();
  asks(sim, ...tools);
  return sim;
}

function waiting(name: string, args: Record<string, string | number>): Simulation {
  const sim = started();
  asksFor(sim, name, args);
  return sim;
}

const delivered = ['message.delivered', 'model.called'];

describe('a message', () => {
  it.each<[string, MessageMode, string[]]>([
    ['the model is open', 'queue', []],
    ['the model is open', 'steer', []],
    ['the model is open', 'interrupt', []],
    ['the model waits for its next attempt', 'queue', []],
    ['the model waits for its next attempt', 'steer', ['message.delivered']],
    ['the model waits for its next attempt', 'interrupt', ['message.delivered']],
    ['tools are open', 'queue', []],
    ['tools are open', 'steer', []],
    ['tools are open', 'interrupt', []],
    ['a tool waits for its next attempt', 'queue', []],
    ['a tool waits for its next attempt', 'steer', []],
    ['a tool waits for its next attempt', 'interrupt', []],
    ['an effect is unknown', 'queue', []],
    ['an effect is unknown', 'steer', []],
    ['an effect is unknown', 'interrupt', []],
    ['a timer runs', 'queue', []],
    ['a timer runs', 'steer', []],
    ['a timer runs', 'interrupt', ['wait.ended', ...delivered]],
    ['a question is open', 'queue', []],
    ['a question is open', 'steer', []],
    ['a question is open', 'interrupt', ['tool.not_run', ...delivered]],
    ['an approval is open', 'queue', []],
    ['an approval is open', 'steer', ['tool.not_run', ...delivered]],
    ['an approval is open', 'interrupt', ['tool.not_run', ...delivered]],
  ])('while %s, %s: %j', (situation, mode, types) => {
    const sim = situations[situation]?.() ?? started();
    expect(during(sim, () => speaks(sim, mode))).toEqual(['message.received', ...types]);
    expect(sim.aborted).toEqual(situation === 'the model is open' && mode === 'interrupt' ? ['m1'] : []);
  });

  it.each<[MessageMode, string[]]>([
    ['queue', []],
    ['steer', []],
    ['interrupt', []],
  ])('while the run is paused, %s waits; it is delivered after it goes on', (mode, whilePaused) => {
    const sim = waiting('guarded', { amount: 11 });
    sim.say({ type: 'pause', by: person });
    expect(during(sim, () => speaks(sim, mode))).toEqual(['message.received', ...whilePaused]);
    sim.say({ type: 'resume', by: person });
    expect(during(sim, () => sim.look())).toEqual(mode === 'queue' ? [] : ['tool.not_run', ...delivered]);
  });

  it.each<MessageMode>(['queue', 'steer', 'interrupt'])('%s prevents the end and begins a turn', (mode) => {
    const sim = started();
    sim.say({
      type: 'send_message',
      id: '018f0000-0000-7000-8000-000000000001',
      mode,
      content: text('and now'),
      by: person,
    });
    concludes(sim, 'first');
    expect(endOf(sim)).toBe('live');
    expect(shown(sim).slice(-2)).toEqual(['assistant: first', 'user: and now']);
    expect(openModel(sim).call).toBe('m2');
    concludes(sim, 'second');
    expect(lastOf(sim, 'run.succeeded').output).toEqual(text('second'));
  });

  it.each<[MessageMode, string[], string[]]>([
    ['queue', ['model.answered', 'tool.called', 'tool.called'], []],
    ['steer', ['model.answered', 'tool.not_run', 'tool.not_run', ...delivered], ['user-spoke', 'user-spoke']],
    ['interrupt', ['model.answered', 'tool.not_run', 'tool.not_run', ...delivered], ['user-spoke', 'user-spoke']],
  ])('before the calls of the answer have begun, %s: %j', (mode, types, why) => {
    const sim = started();
    speaks(sim, mode);
    expect(during(sim, () => asks(sim, 'once', 'read'))).toEqual(types);
    expect(allOf(sim, 'tool.not_run').map((data) => data.why)).toEqual(why);
  });

  it('steer and interrupt are delivered before the next model call; queue waits for the end of the turn', () => {
    const sim = started();
    const call = asksFor(sim, 'once');
    const queued = speaks(sim, 'queue', 'later');
    const steered = speaks(sim, 'steer', 'left');
    const interrupting = speaks(sim, 'interrupt', 'stop');
    expect(phaseOf(sim, call)).toBe('open');
    expect(during(sim, () => answers(sim, call))).toEqual(['tool.returned', ...delivered]);
    expect(lastOf(sim, 'message.delivered').ids).toEqual([steered, interrupting]);
    expect(shown(sim).slice(-3)).toEqual(['tool: ok', 'user: left', 'user: stop']);
    concludes(sim);
    expect(lastOf(sim, 'message.delivered').ids).toEqual([queued]);
    expect(live(sim).inbox).toEqual([]);
  });

  it('is delivered at the end of the turn together with all others', () => {
    const sim = started();
    const ids = [speaks(sim, 'queue', 'one'), speaks(sim, 'queue', 'two'), speaks(sim, 'steer', 'three')];
    concludes(sim, 'first');
    expect(allOf(sim, 'message.delivered')).toEqual([{ ids }]);
    expect(shown(sim).slice(-4)).toEqual(['assistant: first', 'user: one', 'user: two', 'user: three']);
  });

  it('is delivered once, through a crash at every step', () => {
    const sim = started();
    const ids = (['queue', 'steer', 'interrupt'] as const).map((mode) => speaks(sim, mode));
    crashes(sim);
    crashes(sim);
    concludes(sim);
    concludes(sim);
    expect(endOf(sim)).toBe('succeeded');
    expect(
      allOf(sim, 'message.delivered')
        .flatMap((data) => data.ids)
        .toSorted(),
    ).toEqual(ids.toSorted());
    expect(allOf(sim, 'message.received').map((data) => data.id)).toEqual(ids);
  });

  it('an approved call that was begun before goes on; the next attempt of a begun call too', () => {
    const sim = started();
    const call = asksFor(sim, 'read');
    speaks(sim, 'steer');
    timesOut(sim, call);
    expect(during(sim, () => sim.advanceToNext())).toEqual(['tool.called']);
  });

  it.each([
    ['a cancel', (sim: Simulation) => sim.say({ type: 'cancel', by: person }), 'run_stopping'],
    ['the deadline', (sim: Simulation) => (sim.advanceTime(8 * 86_400_000), sim.look()), 'run_stopping'],
    ['the end', (sim: Simulation) => concludes(sim), 'run_ended'],
  ])('after %s is refused', (_, happen, code) => {
    const sim = started();
    happen(sim);
    speaks(sim, 'queue');
    expect(sim.refusals).toEqual([code]);
  });
});

describe('an interrupted model call', () => {
  it('keeps what was said, and the model is asked anew', () => {
    const sim = started();
    speaks(sim, 'interrupt', 'no, wait');
    const { reservation } = lastOf(sim, 'model.called');
    expect(sim.aborted).toEqual(['m1']);
    expect(during(sim, () => sim.do({ type: 'model_aborted', ...openModel(sim), content: text('I shall') }))).toEqual([
      'model.interrupted',
      ...delivered,
    ]);
    expect(lastOf(sim, 'model.interrupted')).toMatchObject({ call: 'm1', why: 'message', content: text('I shall') });
    expect(shown(sim).slice(-2)).toEqual(['assistant: I shall', 'user: no, wait']);
    expect(openModel(sim)).toEqual({ call: 'm2', attempt: 1 });
    expect(live(sim).spent.tokens).toBe(reservation.tokens);
    expect(live(sim).answers).toBe(0);
  });

  it('that had said nothing leaves no message', () => {
    const sim = started();
    speaks(sim, 'interrupt', 'no');
    sim.do({ type: 'model_aborted', ...openModel(sim), content: [] });
    expect(shown(sim).filter((line) => line.startsWith('assistant'))).toEqual([]);
  });

  it('that answers all the same is answered; the message follows', () => {
    const sim = started();
    speaks(sim, 'interrupt', 'no');
    concludes(sim, 'I was quicker');
    expect(shown(sim).slice(-2)).toEqual(['assistant: I was quicker', 'user: no']);
  });

  it('is not cut off while the run is paused', () => {
    const sim = started();
    sim.say({ type: 'pause', by: person });
    speaks(sim, 'interrupt');
    expect(sim.aborted).toEqual([]);
    sim.say({ type: 'resume', by: person });
    sim.look();
    expect(sim.aborted).toEqual(['m1']);
    expect(modelPhase(sim)).toBe('open');
  });
});
