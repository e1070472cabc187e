import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { byParent } from './children.ts';
import { reconcile } from './reconcile.ts';
import { childrenOf, type EndedRun, type LiveRun } from './state.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import { asksFor, concludes, live, started } from './testing/steps.ts';

const waiting = (): Simulation => {
  const sim = started();
  asksFor(sim, 'helper', { input: 'help' });
  return sim;
};

/** States of a parent, by what happened to it since it started the child. */
const parents: Record<string, () => Simulation | null> = {
  waiting,
  paused: () => after(waiting(), (sim) => sim.say({ type: 'pause', by: person })),
  'being stopped': () => after(waiting(), (sim) => sim.say({ type: 'cancel', by: person })),
  'stopped while paused': () =>
    after(waiting(), (sim) => {
      sim.say({ type: 'pause', by: person });
      sim.say({ type: 'cancel', by: person });
    }),
  'told already': () =>
    after(waiting(), (sim) => {
      const [child] = childrenOf(live(sim));
      if (child === undefined) throw new Error('there is no child');
      const usage = { steps: 0, tokens: 0, cost_usd_micros: 0, active_ms: 0, descendants: 0 };
      const { call, phase } = child;
      sim.do({
        type: 'child_ended',
        call,
        run: phase.run,
        status: 'succeeded',
        output: [],
        error: null,
        unresolved: 0,
        usage,
      });
    }),
  damaged: () =>
    after(waiting(), (sim) => {
      sim.run = { ...sim.run, state: { ...live(sim), problem: { seq: 2, reason: 'no', since: 1 } } };
    }),
  gone: () => null,
};

/** States of a child. */
const children: Record<string, () => Simulation> = {
  working: () => started(),
  'paused by its parent': () => after(started(), (sim) => sim.say({ type: 'pause', by: byParent })),
  'paused by a person': () => after(started(), (sim) => sim.say({ type: 'pause', by: person })),
  'being stopped': () => after(started(), (sim) => sim.say({ type: 'cancel', by: person })),
  ended: () => after(started(), (sim) => concludes(sim, 'helped')),
};

function after(sim: Simulation, act: (sim: Simulation) => unknown): Simulation {
  act(sim);
  return sim;
}

/** The child as the parent's call has it. */
function childOf(parent: Simulation | null, { run: { state } }: Simulation): LiveRun | EndedRun {
  if (state.phase === 'unborn') throw new Error('the child was not created');
  const above = (parent ?? waiting()).run.state;
  const asked = parent === null || above.phase !== 'live' ? undefined : childrenOf(above)[0];
  const run = asked?.phase.run ?? '018f0000-0000-7000-8000-0000000000cc';
  return {
    ...state,
    run,
    parent: { run: above.run, call: asked?.call ?? '5.0', root: above.run, depth: 1, descendants: 9 },
  };
}

describe('what parent and child say to each other', () => {
  it.each<readonly [parent: string, child: string, word: string]>([
    ['waiting', 'working', 'nothing'],
    ['waiting', 'paused by its parent', 'child: resume'],
    ['waiting', 'paused by a person', 'nothing'],
    ['waiting', 'being stopped', 'nothing'],
    ['waiting', 'ended', 'parent: child_ended'],
    ['paused', 'working', 'child: pause'],
    ['paused', 'paused by its parent', 'nothing'],
    ['paused', 'paused by a person', 'nothing'],
    ['paused', 'being stopped', 'nothing'],
    ['paused', 'ended', 'parent: child_ended'],
    ['being stopped', 'working', 'child: cancel'],
    ['being stopped', 'paused by its parent', 'child: cancel'],
    ['being stopped', 'paused by a person', 'child: cancel'],
    ['being stopped', 'being stopped', 'nothing'],
    ['being stopped', 'ended', 'parent: child_ended'],
    ['stopped while paused', 'working', 'child: cancel'],
    ['stopped while paused', 'ended', 'parent: child_ended'],
    ['told already', 'working', 'child: cancel'],
    ['told already', 'being stopped', 'nothing'],
    ['told already', 'ended', 'nothing'],
    ['damaged', 'working', 'nothing'],
    ['damaged', 'ended', 'parent: child_ended'],
    ['gone', 'working', 'child: cancel'],
    ['gone', 'being stopped', 'nothing'],
    ['gone', 'ended', 'nothing'],
  ])('the parent %s, the child %s: %s', (parentIs, childIs, expected) => {
    const parent = parents[parentIs]?.() ?? null;
    const child = children[childIs]?.();
    if (child === undefined) throw new Error(`no such child: ${childIs}`);
    const word = reconcile(parent?.run.state ?? null, childOf(parent, child));
    expect(word === null ? 'nothing' : `${word.to}: ${word.command.type}`).toBe(expected);
  });

  it('what is said is heard, and then nothing is left to say', () => {
    const parent = waiting();
    const child = childOf(parent, children['ended']?.() ?? started());
    const word = reconcile(parent.run.state, child);
    if (word?.to !== 'parent' || word.command.type !== 'child_ended') throw new Error('the parent is told nothing');
    expect(word.command).toMatchObject({
      status: 'succeeded',
      output: text('helped'),
      usage: { steps: 1, tokens: 15 },
    });
    expect(parent.do(word.command)).toBe(true);
    expect(reconcile(parent.run.state, child)).toBeNull();
  });
});
