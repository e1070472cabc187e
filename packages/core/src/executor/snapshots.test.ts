import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoadedRun } from '../log/loaded-run.ts';
import { concludes, started } from '../run/testing/steps.ts';
import { version } from '../run/testing/versions.ts';
import { Snapshots } from './snapshots.ts';
import { REF, World } from './testing/world.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A run as it stands after so many events. */
const at = (head: number): LoadedRun => {
  const { run } = started();
  return { ...run, state: { ...run.state, head } };
};

describe('a snapshot', () => {
  it.each([
    ['499 events', 499, 0, 0],
    ['500 events', 500, 0, 1],
    ['one event and less than a minute', 1, 59_999, 0],
    ['one event and a minute', 1, 60_000, 1],
  ])('after %s: %d events, %d ms, %d written', async (_, events, ms, written) => {
    const world = await World.create(version());
    const snapshots = new Snapshots(world.ports(), REF, 10);
    vi.advanceTimersByTime(ms);
    snapshots.consider(at(10 + events));
    expect(world.runs.snapshots.map(({ seq }) => seq)).toEqual(written === 0 ? [] : [10 + events]);
  });

  it('counts from the one before', async () => {
    const world = await World.create(version());
    const snapshots = new Snapshots(world.ports(), REF, 0);
    for (const head of [500, 999, 1_000]) snapshots.consider(at(head));
    vi.advanceTimersByTime(60_000);
    for (const head of [1_001, 1_002]) snapshots.consider(at(head));
    expect(world.runs.snapshots.map(({ seq }) => seq)).toEqual([500, 1_000, 1_001]);
  });

  it('is not written of a run that has ended', async () => {
    const world = await World.create(version());
    const sim = started();
    concludes(sim);
    vi.advanceTimersByTime(60_000);
    new Snapshots(world.ports(), REF, -600).consider(sim.run);
    expect(world.runs.snapshots).toEqual([]);
  });

  it('that cannot be saved is only logged', async () => {
    const world = await World.create(version());
    vi.spyOn(world.runs, 'saveSnapshot').mockRejectedValue(new Error('away'));
    new Snapshots(world.ports(), REF, 0).consider(at(500));
    await world.until(() => world.logged.includes('the snapshot was not saved'));
  });
});
