import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { movesOf } from '../log/budget-moves.ts';
import { project, waitingFor } from '../log/projection.ts';
import { nextTime } from './attention.ts';
import type { OfferedBudget } from './budgets.ts';
import { person, Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  asksFor,
  attention,
  concludes,
  crashes,
  during,
  endOf,
  lastOf,
  live,
  started,
} from './testing/steps.ts';
import { version } from './testing/versions.ts';

const BUDGET = '018f0000-0000-7000-8000-0000000000cc';
const first = lastOf(started(), 'model.called').reservation;

const offer = (limit: number, used = 0, over: Partial<OfferedBudget> = {}): OfferedBudget => ({
  window: { budget: BUDGET, name: 'all', level: 'tenant', starts_at: 0, ends_at: 9_000_000 },
  tokens: { limit, used },
  costUsdMicros: null,
  noticeAt: null,
  ...over,
});

/** Claimed, and it needs an allowance. */
function budgeted(): Simulation {
  const sim = new Simulation(version());
  sim.do({ type: 'claim', worker: 'w1', budgeted: true });
  return sim;
}

const takes = (sim: Simulation, ...offered: readonly OfferedBudget[]): boolean => {
  const { need } = sim;
  return need !== null && sim.do({ type: 'allowance_offered', offered, need });
};

describe('a run with budgets', () => {
  it('calls no model before it has an allowance, and none is asked for where there are none', () => {
    const sim = budgeted();
    expect(sim.types().slice(-2)).toEqual(['run.claimed', 'budget.applied']);
    expect(sim.need).toEqual({ tokens: first.tokens, costUsdMicros: first.cost_usd_micros, priced: true });
    expect(during(sim, () => takes(sim, offer(1_000_000)))).toEqual(['allowance.taken', 'model.called']);
    expect(started().need).toBeNull();
  });

  it.each([
    ['much is left', 1_000_000_000, 0, 8],
    ['little is left', first.tokens * 16, 0, 2],
    ['only the next call fits', first.tokens, 0, 1],
    ['most is used', first.tokens * 10, first.tokens * 9, 1],
  ])('takes a slice for its next calls when %s', (_, limit, used, calls) => {
    const sim = budgeted();
    takes(sim, offer(limit, used));
    expect(lastOf(sim, 'allowance.taken').tokens).toBe(first.tokens * calls);
  });

  it('waits where the next call has no room, for the next window or a person, and tries again when it is claimed', () => {
    const sim = budgeted();
    expect(during(sim, () => takes(sim, offer(first.tokens - 1)))).toEqual(['budget.reached']);
    expect(attention(sim)).toEqual(['budget']);
    expect(nextTime(sim.run.state)).toBe(9_000_000);
    expect(during(sim, () => sim.look())).toEqual([]);
    sim.do({ type: 'claim', worker: 'w2', budgeted: true });
    expect(attention(sim)).toEqual([]);
    expect(during(sim, () => takes(sim, offer(first.tokens)))).toEqual(['allowance.taken', 'model.called']);
  });

  it('tries again when somebody has spoken to it: a wake-up may have been undone by that', () => {
    const sim = budgeted();
    takes(sim, offer(first.tokens - 1));
    const dueAfter = (command: Parameters<Simulation['say']>[0]): number | null => {
      const before = sim.run.state;
      sim.say(command);
      return project(before, sim.run.state, sim.now).dueAt;
    };
    expect(dueAfter({ type: 'send_message', id: 'x', mode: 'queue', content: [], by: person })).toBe(sim.now);
    // Not while it is paused; then when it goes on.
    expect(dueAfter({ type: 'pause', by: person })).toBeGreaterThan(sim.now);
    expect(dueAfter({ type: 'resume', by: person })).toBe(sim.now);
  });

  it('waits for the budget alone when its next attempt has no room', () => {
    const sim = budgeted();
    takes(sim, offer(first.tokens));
    crashes(sim);
    expect(during(sim, () => takes(sim, offer(first.tokens, first.tokens)))).toContain('budget.reached');
    expect(waitingFor(sim.run.state, sim.now).map(({ reason }) => reason)).toEqual(['budget']);
  });

  it('counts against each of its budgets, and waits for the one that is short', () => {
    const other = { ...offer(10, 10).window, budget: BUDGET.replace('cc', 'dd'), level: 'agent' as const };
    const sim = budgeted();
    takes(sim, offer(1_000_000), offer(10, 10, { window: other }));
    expect(lastOf(sim, 'budget.reached').window).toEqual(other);
  });

  it('waits where a budget counts money and the model has no price', () => {
    const sim = new Simulation(version({ model: { ...version().model, prices: null } }));
    sim.do({ type: 'claim', worker: 'w1', budgeted: true });
    takes(sim, offer(0, 0, { tokens: null, costUsdMicros: { limit: 1_000_000, used: 0 } }));
    expect(lastOf(sim, 'budget.reached')).toMatchObject({ why: 'unpriced', limit: 'cost_usd_micros' });
  });

  it('keeps its allowance through a crash, whose call counts as spent', () => {
    const sim = budgeted();
    takes(sim, offer(1_000_000_000));
    crashes(sim);
    expect(allOf(sim, 'allowance.taken')).toHaveLength(1);
    concludes(sim);
    expect(sim.types().slice(-2)).toEqual(['allowance.returned', 'run.succeeded']);
    expect(lastOf(sim, 'allowance.returned').spent_tokens).toBe(first.tokens + 15);
  });

  it('returns the rest when it waits, and takes anew when it goes on', () => {
    const sim = budgeted();
    takes(sim, offer(1_000_000_000));
    expect(during(sim, () => asksFor(sim, 'wait', { seconds: 10 }))).toEqual([
      'model.answered',
      'wait.began',
      'allowance.returned',
    ]);
    expect(lastOf(sim, 'allowance.returned').spent_tokens).toBe(15);
    sim.advanceToNext();
    expect(sim.need).not.toBeNull();
  });

  it('returns the rest before an end that no rule of its own decides', () => {
    const sim = budgeted();
    takes(sim, offer(1_000_000_000));
    sim.do({ type: 'model_failed', call: 'm1', attempt: 1, class: 'permanent', message: 'no' });
    expect(sim.types().slice(-3)).toEqual(['model.failed', 'allowance.returned', 'run.failed']);
    expect(endOf(sim)).toBe('failed');
  });

  it('settles an overshoot at once, while its tools are at work', () => {
    const sim = budgeted();
    takes(sim, offer(first.tokens));
    sim.do({
      type: 'model_answered',
      call: 'm1',
      attempt: 1,
      content: [],
      toolCalls: [{ id: 'c', name: 'read', arguments: {} }],
      usage: { input_tokens: first.tokens, output_tokens: 7 },
      finishReason: 'tool_calls',
      model: 'rehearsal',
    });
    expect(lastOf(sim, 'allowance.returned')).toMatchObject({
      tokens: first.tokens,
      spent_tokens: first.tokens + 7,
    });
    expect(live(sim).allowance).toBeNull();
  });

  it('returns what is left of a window that has ended before it takes of the next', () => {
    const sim = budgeted();
    takes(sim, offer(1_000_000_000));
    const call = asksFor(sim, 'read');
    sim.now = 9_000_000;
    answers(sim, call);
    const next = { ...offer(0).window, starts_at: 9_000_000, ends_at: 18_000_000 };
    expect(during(sim, () => takes(sim, offer(1_000_000_000, 0, { window: next })))).toEqual([
      'allowance.returned',
      'allowance.taken',
      'model.called',
    ]);
    expect(lastOf(sim, 'allowance.returned').windows[0]?.starts_at).toBe(0);
  });

  it('gives notice of a soft threshold that it passes', () => {
    const sim = budgeted();
    takes(sim, offer(first.tokens * 10, first.tokens * 7, { noticeAt: 80 }));
    expect(lastOf(sim, 'budget.noticed')).toMatchObject({ percent: 80, used: first.tokens * 8 });
    const quiet = budgeted();
    takes(quiet, offer(first.tokens * 100, 0, { noticeAt: 80 }));
    expect(allOf(quiet, 'budget.noticed')).toEqual([]);
  });

  it('is let go by its budgets when there are none any more', () => {
    const sim = budgeted();
    expect(during(sim, () => takes(sim))).toEqual(['budget.lifted', 'model.called']);
  });

  it('hears of a budget that is made while it is under way, once', () => {
    const sim = started();
    expect(sim.do({ type: 'budget_applies' })).toBe(true);
    expect(sim.do({ type: 'budget_applies' })).toBe(false);
    expect(during(sim, () => answers(sim, asksFor(sim, 'read')))).toEqual([
      'model.answered',
      'tool.called',
      'tool.returned',
    ]);
    expect(sim.need).not.toBeNull();
  });

  it('takes nothing while it is paused, or once it is to stop', () => {
    const sim = budgeted();
    const { need } = sim;
    if (need === null) throw new Error('no allowance is needed');
    sim.say({ type: 'pause', by: person });
    expect(sim.do({ type: 'allowance_offered', offered: [offer(1_000_000)], need })).toBe(false);
    expect(sim.refusals).toEqual(['stale_result']);
  });

  it('inherits no allowance as a fork', () => {
    const sim = budgeted();
    takes(sim, offer(1_000_000_000));
    asksFor(sim, 'read');
    expect(live(sim).allowance).not.toBeNull();
    expect(live(sim.fork(sim.events.length))).toMatchObject({ allowance: null, budgeted: false });
  });
});

/** The rows of one budget, moved by what the logs say. */
class Rows {
  held = 0;
  spent = 0;

  move(sim: Simulation, from: number): void {
    const moves = movesOf(sim.events.slice(from), true, true);
    for (const { tokens } of moves?.taken ?? []) this.held += tokens;
    for (const back of moves?.returned ?? []) {
      this.held -= back.tokens;
      this.spent += back.spent_tokens;
    }
  }
}

describe('many runs on one budget', () => {
  it('spend and hold no more than it has, but for what models use beyond their bound; each allowance is settled once', () => {
    const happening = fc.record({ run: fc.nat(3), what: fc.nat(9), over: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (happenings, calls) => {
        const limit = first.tokens * calls;
        const rows = new Rows();
        const sims = [budgeted(), budgeted(), budgeted(), budgeted()];
        let beyond = 0;
        const act = (sim: Simulation, what: number, over: number): void => {
          const { state } = sim.run;
          if (state.phase !== 'live') return;
          const open = state.turn.at === 'model' && state.turn.call.phase.is === 'open' ? state.turn.call : null;
          if (state.shortage !== null) sim.do({ type: 'claim', worker: 'w', budgeted: true });
          else if (sim.need !== null) takes(sim, offer(limit, rows.held + rows.spent));
          else if (what === 0) crashes(sim);
          else if (what === 1) sim.say({ type: 'pause', by: person });
          else if (what === 2) sim.say({ type: 'resume', by: person });
          else if (open?.phase.is === 'open') {
            const used = what < 6 ? over : open.phase.reservation.tokens + over;
            const usage = what === 3 ? null : { input_tokens: used, output_tokens: 0 };
            if (usage !== null) beyond += Math.max(0, used - open.phase.reservation.tokens);
            sim.do({
              type: 'model_answered',
              call: open.id,
              attempt: open.attempt,
              content: [],
              toolCalls: what === 9 ? [] : [{ id: 'c', name: 'read', arguments: {} }],
              usage,
              finishReason: 'stop',
              model: 'rehearsal',
            });
          } else if (state.turn.at === 'tools')
            for (const call of state.turn.calls) if (call.phase.is === 'open') answers(sim, call.id);
          sim.look();
        };
        for (const { run, what, over } of happenings) {
          const sim = sims[run];
          if (sim === undefined) continue;
          const before = sim.events.length;
          act(sim, what, over);
          rows.move(sim, before);
          expect(rows.held + rows.spent).toBeLessThanOrEqual(limit + beyond);
        }
        let used = 0;
        for (const sim of sims) {
          const { state } = sim.run;
          const allowance = state.phase === 'live' ? state.allowance : null;
          const settled = allOf(sim, 'allowance.taken').length - allOf(sim, 'allowance.returned').length;
          expect(settled).toBe(allowance === null ? 0 : 1);
          used += allowance?.before.tokens ?? (state.phase === 'unborn' ? 0 : state.spent.own.tokens);
        }
        // What is under way is not settled yet; all else that was used stands in the row.
        expect(rows.spent).toBe(used);
      }),
      { numRuns: 2_000 },
    );
  }, 120_000);
});
