import { text } from '@holdfast/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OfferedBudget } from '../run/budgets.ts';
import { version } from '../run/testing/versions.ts';
import { person } from '../run/testing/simulation.suite.ts';
import { lastOf, started } from '../run/testing/steps.ts';
import { advance } from './advance.ts';
import { answered, REF, World } from './testing/world.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const offer = (limit: number, used = 0): OfferedBudget => ({
  window: { budget: '018f0000-0000-7000-8000-0000000000cc', name: 'all', level: 'tenant', starts_at: 0, ends_at: null },
  tokens: { limit, used },
  costUsdMicros: null,
  noticeAt: null,
});

async function budgeted(...offered: readonly OfferedBudget[]): Promise<World> {
  const w = await World.create(version());
  w.runs.budgeted = true;
  w.offered = offered;
  return w;
}

const typesOf = (w: World): string[][] => w.runs.appends.slice(1).map(({ events }) => events.map(({ type }) => type));

describe('a run with budgets', () => {
  it('takes its allowance by an append of its own, before the call begins, and returns the rest with its end', async () => {
    const w = await budgeted(offer(1_000_000_000));
    const hold = await w.held();
    w.modelAnswers([], text('done'));
    expect(await hold.done).toBe('released');
    expect(typesOf(w)).toEqual([
      ['run.admitted', 'run.claimed', 'budget.applied'],
      ['allowance.taken', 'model.called'],
      ['model.answered', 'allowance.returned', 'run.succeeded'],
    ]);
    expect(w.runs.appends.map(({ budgets }) => budgets !== undefined)).toEqual([false, false, true, true]);
  });

  it('asks anew when another run was quicker', async () => {
    const w = await budgeted(offer(1_000_000_000));
    w.runs.budgetsMoved = 2;
    await w.held();
    expect(w.models).toHaveLength(1);
    expect(w.runs.types().filter((type) => type === 'allowance.taken')).toHaveLength(1);
  });

  it('lets go and waits where there is no room', async () => {
    const w = await budgeted(offer(1));
    const hold = w.advance();
    expect(await hold.done).toBe('released');
    expect(w.models).toEqual([]);
    expect(w.runs.types().at(-1)).toBe('budget.reached');
    expect(w.runs.projection?.status).toBe('waiting');
    expect(w.runs.projection?.waitingFor).toMatchObject([{ reason: 'budget', until: null }]);
  });

  it.each([
    ['drained', (w: World) => w.drain.abort(), () => false],
    ['that makes room', () => undefined, () => true],
  ])('returns both allowances when it is let go between asking and taking: a run %s', async (_, asked, parts) => {
    const w = await budgeted();
    const call = lastOf(started(), 'model.called').reservation.tokens;
    // So little that an allowance is for one call.
    const little = offer(call * 5);
    let offers = 0;
    const ports = w.ports({
      budgets: {
        offers: () => {
          offers += 1;
          if (offers === 2) asked(w);
          return Promise.resolve([little]);
        },
      },
    });
    const hold = advance(ports, REF, { type: 'claim' }, w.drain.signal, () => offers === 2 && parts());
    await w.until(() => w.models.length === 1);
    w.modelAnswers(['read'], [], call - 1);
    await w.until(() => w.tools.length === 1);
    w.tool().answer(answered());
    expect(await hold.done).toBe('released');
    expect(typesOf(w).at(-1)).toEqual(['allowance.returned', 'allowance.taken', 'allowance.returned']);
    const moves = w.runs.appends.flatMap(({ budgets }) => budgets ?? []);
    const taken = moves.flatMap((move) => move.taken.map(({ tokens }) => tokens));
    expect(taken).toHaveLength(2);
    const returned = moves.at(-1)?.returned ?? [];
    expect(returned.map(({ tokens }) => tokens)).toEqual(taken);
    expect(returned.map(({ spent_tokens }) => spent_tokens)).toEqual([call, 0]);
  });

  it.each([
    ['it is paused', (w: World) => w.says({ type: 'pause', by: person })],
    [
      'the budgets move while it drains',
      async (w: World) => {
        w.drain.abort();
        w.runs.budgetsMoved = 1;
      },
    ],
  ])('lets go when, while it asks for an allowance, %s', async (_, asked) => {
    const w = await budgeted();
    const ports = w.ports({ budgets: { offers: () => asked(w).then(() => [offer(1_000_000_000)]) } });
    expect(await advance(ports, REF, { type: 'claim' }, w.drain.signal).done).toBe('released');
    expect(w.runs.holder).toBeNull();
    expect(w.models).toEqual([]);
    expect(w.logged).toEqual(['the run was claimed', 'the run was taken anew']);
  });

  it('appends as before where there are none', async () => {
    const w = await World.create(version());
    await w.held();
    expect(typesOf(w)).toEqual([['run.admitted', 'run.claimed', 'model.called']]);
    expect(w.runs.appends.every(({ budgets }) => budgets === undefined)).toBe(true);
  });
});
