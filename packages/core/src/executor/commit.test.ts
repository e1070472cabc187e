import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { appendOf, fromOutside } from '../log/append-of.ts';
import { extendBy } from '../log/loaded-run.ts';
import { type Append, type AppendOutcome, DatabaseUnavailable } from '../log/run-store.ts';
import { person } from '../run/testing/simulation.suite.ts';
import { version } from '../run/testing/versions.ts';
import { commit } from './commit.ts';
import type { Mischief } from './testing/memory-runs.ts';
import { REF, World } from './testing/world.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

async function prepared(holding: Partial<Append> = {}): Promise<{ world: World; append: Append }> {
  const world = await World.create(version());
  const run = await world.folded();
  const next = extendBy(run, [{ type: 'run.paused', data: { by: person } }], Date.now());
  const append = await appendOf(world.artifacts, REF, run.state, next.run.state, next.events, Date.now(), {
    ...fromOutside,
    ...holding,
  });
  world.runs.appends.length = 0;
  return { world, append };
}

/** Runs it to its end, through all pauses. */
async function committing(
  world: World,
  append: Append,
  patienceMs = 3_000,
): Promise<{ result: unknown; tookMs: number }> {
  const begun = Date.now();
  const done = commit(world.runs, append, { patienceMs, clock: { monotonic: () => Date.now() } }).then(
    (outcome) => outcome,
    (error: unknown) => error,
  );
  await vi.runAllTimersAsync();
  return { result: await done, tookMs: Date.now() - begun };
}

describe('an append', () => {
  it.each<[string, Mischief[], number]>([
    ['is accepted at once', [], 1],
    ['is tried again when the row is busy', ['busy', 'busy'], 3],
    ['is tried again when the database was away and came back', ['away', 'away', 'away'], 4],
    ['whose answer was lost is recognised as mine', ['answer-lost'], 2],
    ['is tried again after all of these', ['busy', 'away', 'answer-lost'], 4],
  ])('%s', async (_, mischief, tries) => {
    const { world, append } = await prepared();
    world.runs.mischief.push(...mischief);
    expect((await committing(world, append)).result).toMatchObject({ type: 'accepted' });
    expect(world.runs.appends).toHaveLength(tries);
    expect(new Set(world.runs.appends.map(({ id }) => id)).size).toBe(1);
    expect(world.runs.types()).toEqual(['run.created', 'run.paused']);
  });

  it.each<[string, (world: World) => Promise<void> | void, object]>([
    ['refused when somebody spoke first', (world) => world.says({ type: 'pause', by: person }), { type: 'refused' }],
    [
      'refused when more than one did',
      async (world) => (await world.says({ type: 'pause', by: person }), world.says({ type: 'resume', by: person })),
      { type: 'refused' },
    ],
    ['gone back when the head is below', (world) => world.runs.goBackTo(0), { type: 'went-back', found: 0 }],
  ])('is %s', async (_, happen, result) => {
    const { world, append } = await prepared();
    await happen(world);
    expect((await committing(world, append)).result).toEqual(result);
  });

  it.each<[string, AppendOutcome]>([
    ['missing', { type: 'missing' }],
    ['not this worker’s', { type: 'not-yours' }],
  ])('to a run that is %s is not yours', async (_, outcome) => {
    const { world, append } = await prepared();
    vi.spyOn(world.runs, 'append').mockResolvedValue(outcome);
    expect((await committing(world, append)).result).toEqual({ type: 'not-yours' });
  });

  it('that took the run, with its answer lost, is recognised though the due row is gone', async () => {
    const { world, append } = await prepared({ worker: 'w1', take: { type: 'claim' } });
    world.runs.mischief.push('answer-lost');
    const write = world.runs.append.bind(world.runs);
    vi.spyOn(world.runs, 'append').mockImplementation(async (each) => {
      const outcome = await write(each);
      return outcome.type === 'refused' ? { type: 'not-yours' } : outcome;
    });
    expect((await committing(world, append)).result).toEqual({ type: 'accepted' });
  });

  it('is given up when the database stays away for longer than the patience', async () => {
    const { world, append } = await prepared();
    world.runs.away = true;
    const { result, tookMs } = await committing(world, append, 3_000);
    expect(result).toBeInstanceOf(DatabaseUnavailable);
    expect(tookMs).toBeGreaterThan(1_500);
    expect(tookMs).toBeLessThanOrEqual(3_000);
  });

  it('pauses longer each time, a second at most', async () => {
    const { world, append } = await prepared();
    world.runs.away = true;
    const times: number[] = [];
    vi.spyOn(world.runs, 'append').mockImplementation(
      () => (times.push(Date.now() - 1_000_000), Promise.reject(new DatabaseUnavailable('away'))),
    );
    await committing(world, append, 4_000);
    expect(times).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550]);
  });

  it('that fails for another reason is not tried again', async () => {
    const { world, append } = await prepared();
    const failing = vi.spyOn(world.runs, 'append').mockRejectedValue(new Error('a defect'));
    expect((await committing(world, append)).result).toEqual(new Error('a defect'));
    expect(failing).toHaveBeenCalledTimes(1);
  });

  it('whose recognition finds the database away is tried again', async () => {
    const { world, append } = await prepared();
    await world.says({ type: 'pause', by: person });
    vi.spyOn(world.runs, 'eventsAfter').mockRejectedValueOnce(new DatabaseUnavailable('away'));
    expect((await committing(world, append)).result).toEqual({ type: 'refused' });
  });
});
