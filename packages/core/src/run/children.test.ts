import { type DataOf, text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { childId, MAX_DEPTH } from './children.ts';
import { roomOf } from './limits.ts';
import { childrenOf } from './state.ts';
import { person, Simulation } from './testing/simulation.suite.ts';
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
  lastOf,
  live,
  phaseOf,
  shown,
  speaks,
  started,
} from './testing/steps.ts';
import { agentTool, limits, pins, tool, version } from './testing/versions.ts';

const help = ['helper', { input: 'help' }] as const;
const nothingUsed = { steps: 0, tokens: 0, cost_usd_micros: 0, active_ms: 0, descendants: 0 };

/** The child of that call says that it has ended. */
function childEnds(sim: Simulation, call: string, over: Partial<DataOf<'child.ended'>> = {}): boolean {
  const child = childrenOf(live(sim)).find((each) => each.call === call);
  return sim.do({
    type: 'child_ended',
    call,
    run: child?.phase.run ?? '018f0000-0000-7000-8000-00000000ffff',
    status: 'succeeded',
    output: text('helped'),
    error: null,
    unresolved: 0,
    usage: nothingUsed,
    ...over,
  });
}

/** A run of that depth which may start so many others. */
function below(depth: number, descendants: number): Simulation {
  const sim = new Simulation();
  const { id } = sim.run.state.version;
  const parent = { run: id, call: '5.0', root: id, depth, descendants };
  sim.run = { ...sim.run, state: { ...live(sim), parent } };
  sim.claim();
  return sim;
}

describe('a call of another agent', () => {
  it('starts a run by being written, and no worker is needed until it ends', () => {
    const sim = started();
    const call = asksFor(sim, ...help);
    expect(phaseOf(sim, call)).toBe('child');
    expect(sim.open()).toEqual([]);
    expect(sim.begun).toEqual([]);
    expect(lastOf(sim, 'child.started')).toMatchObject({ call, agent: 'helper', version: 1, depth: 1 });
    expect(during(sim, () => childEnds(sim, call))).toEqual(['child.ended', 'model.called']);
    expect(shown(sim).at(-1)).toBe('tool: helped');
    concludes(sim);
    expect(endOf(sim)).toBe('succeeded');
  });

  it('is answered with what became of the run', () => {
    const sim = started();
    const [failed = '', cancelled = '', silent = ''] = asks(sim, help, help, help);
    const error = { code: 'model_failed', detail: 'no credit' };
    childEnds(sim, failed, { status: 'failed', output: null, error, unresolved: 2 });
    childEnds(sim, cancelled, { status: 'cancelled', output: null });
    childEnds(sim, silent, { output: [] });
    const results = sim.run.transcript.messages.flatMap((message) => (message.role === 'tool' ? [message] : []));
    expect(results.map(({ isError }) => isError)).toEqual([true, true, false]);
    expect(shown(sim).slice(-3)).toEqual([
      'tool: The run failed (model_failed): no credit\nOf 2 of its calls nobody knows whether they took effect.',
      'tool: The run was cancelled.',
      'tool: ',
    ]);
  });

  it('is settled once, and only by the run that it waits for', () => {
    const sim = started();
    const [one = '', two = ''] = asks(sim, help, help);
    expect(childEnds(sim, one, { run: childrenOf(live(sim))[1]?.phase.run ?? '' })).toBe(false);
    expect(childEnds(sim, one)).toBe(true);
    expect(childEnds(sim, one)).toBe(false);
    expect(childEnds(sim, '99.0')).toBe(false);
    expect(sim.refusals).toEqual(['stale_result', 'stale_result', 'stale_result']);
    expect(phaseOf(sim, two)).toBe('child');
  });

  it('is asked about first when a rule says so', () => {
    const by = { role: 'operator', count: 1 } as const;
    const sim = started({ tools: [agentTool('helper', { approval: { by, then: 'deny' } })] });
    const call = asksFor(sim, ...help);
    expect(attention(sim)).toEqual(['approval']);
    const { hash } = lastOf(sim, 'approval.asked');
    sim.say({ type: 'decide_approval', call, hash, decision: 'approved', by: person });
    expect(during(sim, () => sim.look())).toEqual(['child.started']);
  });

  it('does not begin once the user spoke; what has begun goes on', () => {
    const by = { role: 'operator', count: 1 } as const;
    const sim = started({
      tools: [agentTool('helper', { approval: { when: 'args.input == "ask"', by, then: 'deny' } })],
    });
    const [begun = '', asked = ''] = asks(sim, help, ['helper', { input: 'ask' }]);
    speaks(sim, 'interrupt');
    expect([phaseOf(sim, begun), phaseOf(sim, asked)]).toEqual(['child', 'done']);
    childEnds(sim, begun);
    expect(shown(sim).slice(-1)).toEqual(['user: hey']);
  });

  it('survives the loss of a worker that holds the run for another call', () => {
    const sim = started();
    const [child = '', read = ''] = asks(sim, help, 'read');
    crashes(sim);
    expect([phaseOf(sim, child), phaseOf(sim, read)]).toEqual(['child', 'open']);
    answers(sim, read);
    childEnds(sim, child);
    concludes(sim);
    expect(endOf(sim)).toBe('succeeded');
  });

  it('is told when the agent had no such version', () => {
    const sim = started({ tools: [agentTool('helper'), tool('read')] });
    const state = live(sim);
    sim.run = { ...sim.run, state: { ...state, agents: {} } };
    asksFor(sim, ...help);
    expect(lastOf(sim, 'tool.not_run')).toMatchObject({ why: 'unknown-agent' });
  });

  it.each(['cancel', 'deadline'] as const)('keeps a %s waiting until the run below has ended', (why) => {
    const sim = started();
    const call = asksFor(sim, ...help);
    if (why === 'cancel') sim.say({ type: 'cancel', by: person });
    else sim.advanceTime(limits.deadline_ms);
    sim.look();
    expect(endOf(sim)).toBe('live');
    childEnds(sim, call, { status: 'cancelled', output: null });
    expect(endOf(sim)).toBe(why === 'cancel' ? 'cancelled' : 'failed');
  });

  it('ends also while the run is paused', () => {
    const sim = started();
    const call = asksFor(sim, ...help);
    sim.say({ type: 'pause', by: person });
    expect(during(sim, () => childEnds(sim, call))).toEqual(['child.ended']);
    sim.say({ type: 'resume', by: person });
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
  });
});

describe('the limits of runs below', () => {
  const tight = { ...limits, steps: 32, tokens: 90_000, cost_usd_micros: 4_000_000 };

  it('are equal shares of what is left, one of them for the run itself', () => {
    const sim = started({ limits: tight });
    asks(sim, help, help, help);
    // One step was the model's; each start is a step, too.
    const given = allOf(sim, 'child.started').map((data) => data.limits);
    expect(given.map(({ steps }) => steps)).toEqual([7, 7, 7]);
    const spent = 15;
    expect(given.map(({ tokens }) => tokens)).toEqual([1, 2, 3].map(() => Math.floor((90_000 - spent) / 4)));
    expect(given.every(({ active_ms }) => active_ms === tight.active_ms)).toBe(true);
    const room = roomOf(live(sim), sim.now);
    expect(room.steps).toBe(1 + 3 + 21);
    expect(tight.steps - room.steps).toBe(7);
  });

  it('are never more than those of the version', () => {
    const of = version({ limits: tight });
    const sim = new Simulation(of);
    const state = live(sim);
    const small = { steps: 2, tokens: 50, cost_usd_micros: 7, active_ms: 11, deadline_ms: 13 };
    sim.run = { ...sim.run, state: { ...state, agents: pins(of, small) } };
    sim.claim();
    asksFor(sim, ...help);
    expect(lastOf(sim, 'child.started').limits).toEqual(small);
  });

  it('a limit of money passes down, none does not forbid one', () => {
    const free = started({ limits: { ...limits, cost_usd_micros: null } });
    asksFor(free, ...help);
    expect(lastOf(free, 'child.started').limits.cost_usd_micros).toBe(limits.cost_usd_micros);
    const of = version({ limits: tight });
    const sim = new Simulation(of);
    sim.run = { ...sim.run, state: { ...live(sim), agents: pins(of, { ...limits, cost_usd_micros: null }) } };
    sim.claim();
    asksFor(sim, ...help);
    expect(lastOf(sim, 'child.started').limits.cost_usd_micros).toBe(Math.floor((4_000_000 - 30) / 2));
  });

  it('end with the deadline of the run above', () => {
    const sim = started();
    sim.advanceTime(1_000);
    asksFor(sim, ...help);
    expect(lastOf(sim, 'child.started').limits.deadline_ms).toBe(limits.deadline_ms - 1_000);
  });

  it('what was kept free and not used is free again', () => {
    const sim = started({ limits: tight });
    const call = asksFor(sim, ...help);
    const before = live(sim).spent;
    childEnds(sim, call, { usage: { steps: 2, tokens: 30, cost_usd_micros: 5, active_ms: 700, descendants: 1 } });
    const { steps, tokens, costUsdMicros, activeMs, descendants } = live(sim).spent;
    expect({ steps, tokens, costUsdMicros, activeMs, descendants }).toEqual({
      // The next model call has begun.
      steps: before.steps + 2 + 1,
      tokens: before.tokens + 30,
      costUsdMicros: before.costUsdMicros + 5,
      activeMs: before.activeMs + 700,
      descendants: 2,
    });
  });

  it('of the time of runs side by side the longest counts, of one after the other the sum', () => {
    const sim = started();
    const before = live(sim).spent.activeMs;
    const used = (active_ms: number) => ({ usage: { ...nothingUsed, active_ms } });
    const [one = '', two = ''] = asks(sim, help, help);
    childEnds(sim, one, used(300));
    childEnds(sim, two, used(500));
    expect(live(sim).spent.activeMs).toBe(before + 500);
    childEnds(sim, asksFor(sim, ...help), used(100));
    expect(live(sim).spent.activeMs).toBe(before + 600);
  });

  it('when nothing is left for it, a person is asked, and may raise the limit', () => {
    const sim = started({ limits: { ...limits, steps: 3 } });
    asksFor(sim, ...help);
    expect(attention(sim)).toEqual(['limit']);
    expect(lastOf(sim, 'limit.reached')).toEqual({ limit: 'steps', limit_value: 3, spent: 1, needed: 3 });
    sim.say({ type: 'raise_limit', limit: 'steps', to: 4, by: person });
    expect(during(sim, () => sim.look())).toEqual(['child.started']);
    expect(lastOf(sim, 'child.started').limits.steps).toBe(1);
  });
});

describe('the size of a family', () => {
  it('a run may start others down to the eighth storey', () => {
    const last = below(MAX_DEPTH - 1, 10);
    asksFor(last, ...help);
    expect(lastOf(last, 'child.started')).toMatchObject({ depth: MAX_DEPTH });
    const beyond = below(MAX_DEPTH, 10);
    asksFor(beyond, ...help);
    expect(lastOf(beyond, 'tool.not_run')).toMatchObject({ why: 'too-deep' });
  });

  it('those below share what it may start; what is not used is given back', () => {
    const sim = below(1, 7);
    const calls = asks(sim, help, help, help);
    expect(allOf(sim, 'child.started').map(({ descendants }) => descendants)).toEqual([1, 1, 2]);
    calls.forEach((call, index) =>
      childEnds(sim, call, { usage: { ...nothingUsed, descendants: index === 0 ? 1 : 0 } }),
    );
    // Three, and one below the first.
    expect(live(sim).spent.descendants).toBe(4);
    asks(sim, help, help, help, help);
    expect(
      allOf(sim, 'child.started')
        .slice(3)
        .map(({ descendants }) => descendants),
    ).toEqual([0, 0, 0]);
    expect(lastOf(sim, 'tool.not_run')).toMatchObject({ why: 'too-many-runs' });
  });
});

it('the id of a child is a UUIDv7 of that time, the same for the same call', () => {
  const id = childId('018f0000-0000-7000-8000-0000000000aa', '5.0', 0x01_8f_00_00_00_00);
  expect(id).toMatch(/^018f0000-0000-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(childId('018f0000-0000-7000-8000-0000000000aa', '5.0', 0x01_8f_00_00_00_00)).toBe(id);
  expect(childId('018f0000-0000-7000-8000-0000000000aa', '5.1', 0x01_8f_00_00_00_00)).not.toBe(id);
  expect(childId('018f0000-0000-7000-8000-0000000000ab', '5.0', 0x01_8f_00_00_00_00)).not.toBe(id);
});
