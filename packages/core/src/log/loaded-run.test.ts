import { describe, expect, it, vi } from 'vitest';
import { REF, World } from '../executor/testing/world.ts';
import { person } from '../run/testing/simulation.suite.ts';
import { version } from '../run/testing/versions.ts';
import { catchUp, loadRun, snapshotOf } from './loaded-run.ts';
import { DatabaseUnavailable } from './run-store.ts';
import { speak } from './speak.ts';

/** A run that was paused and resumed again and again. */
async function talkative(events: number): Promise<World> {
  const world = await World.create(version());
  for (let said = 1; said < events; said += 1)
    await world.says(said % 2 === 1 ? { type: 'pause', by: person } : { type: 'resume', by: person });
  return world;
}

const loaded = async (world: World): Promise<Awaited<ReturnType<typeof world.folded>>> => {
  const found = await loadRun(world.ports(), REF);
  if (found === null) throw new Error('the run is gone');
  return found.run;
};

describe('a loaded run', () => {
  it('is folded from its whole log, page by page', async () => {
    const world = await World.create(version());
    const [first] = world.runs.events;
    for (let seq = 2; seq <= 1_200; seq += 1)
      if (first !== undefined)
        world.runs.events.push({ ...first, seq, type: 'run.admitted', payload: '{}', appendId: null });
    const reads = vi.spyOn(world.runs, 'eventsAfter');
    expect((await loaded(world)).state.head).toBe(1_200);
    expect(reads.mock.calls.map(([, after]) => after)).toEqual([500, 1_000]);
  });

  it('begins at its snapshot and reads only what came since', async () => {
    const world = await talkative(6);
    const whole = await world.folded();
    await world.runs.saveSnapshot(REF, snapshotOf(whole));
    await world.says({ type: 'resume', by: person });
    const reads = vi.spyOn(world.runs, 'eventsAfter');
    const run = await loaded(world);
    expect(reads).not.toHaveBeenCalled();
    expect(run).toEqual(await world.folded());
  });

  it.each([
    ['of another release', 2, { format: 'run-0', body: '{}' }],
    ['ahead of the log', 4, {}],
  ])('ignores a snapshot %s', async (_, events, over) => {
    const world = await talkative(3);
    const other = await talkative(events);
    await world.runs.saveSnapshot(REF, { ...snapshotOf(await other.folded()), ...over });
    expect(await loaded(world)).toEqual(await world.folded());
  });

  it('that is deleted between two reads is no run', async () => {
    const world = await talkative(3);
    const stored = await world.runs.load(REF);
    vi.spyOn(world.runs, 'load').mockResolvedValue(stored === null ? null : { ...stored, tail: [] });
    world.runs.events.length = 0;
    expect(await loadRun(world.ports(), REF)).toBeNull();
  });

  it('goes on behind an event that cannot be read, with a problem', async () => {
    const world = await talkative(4);
    const second = world.runs.events[1];
    if (second !== undefined) world.runs.events[1] = { ...second, type: 'run.danced' };
    expect((await loaded(world)).state).toMatchObject({
      head: 4,
      lastAt: world.runs.events[3]?.at,
      paused: 'person',
      problem: { seq: 2 },
    });
  });

  it('that has ended keeps its end through an event that cannot be read', async () => {
    const world = await talkative(1);
    await world.says({ type: 'cancel', by: person });
    await world.advance().done;
    const last = world.runs.events.at(-1);
    if (last !== undefined) world.runs.events.push({ ...last, seq: last.seq + 1, payload: '{' });
    expect((await loaded(world)).state).toMatchObject({
      phase: 'ended',
      status: 'cancelled',
      head: world.runs.events.length,
    });
  });

  it('is not made up while the object store or the database is away', async () => {
    const world = await talkative(2);
    const first = world.runs.events[0];
    if (first !== undefined)
      world.runs.events[0] = { ...first, payload: '{"payload_ref":{"digest":"a","size":1,"preview":""}}' };
    vi.spyOn(world.artifacts, 'get').mockRejectedValue(new Error('the store is away'));
    await expect(loadRun(world.ports(), REF)).rejects.toThrow('the store is away');
    world.runs.away = true;
    await expect(catchUp(world.ports(), REF, await (await talkative(1)).folded())).rejects.toThrow(DatabaseUnavailable);
  });

  it('needs its version', async () => {
    const world = await talkative(1);
    await expect(loadRun(world.ports({ versions: () => Promise.resolve(null) }), REF)).rejects.toThrow(
      'is not in the database',
    );
  });
});

describe('somebody outside', () => {
  const pause = { type: 'pause', by: person, at: 5 } as const;
  const MESSAGE = '01920000-0000-7000-8000-00000000000a';

  it('is heard after others came first', async () => {
    const world = await talkative(1);
    let others = 0;
    world.runs.before = async () => {
      others += 1;
      if (others === 1) await world.says({ type: 'send_message', id: MESSAGE, mode: 'queue', content: [], by: person });
    };
    expect(await speak(world.ports(), REF, pause)).toMatchObject({
      type: 'accepted',
      events: [{ seq: 3, type: 'run.paused' }],
    });
    expect(world.runs.types()).toEqual(['run.created', 'message.received', 'run.paused']);
  });

  it('is refused by what others said first', async () => {
    const world = await talkative(1);
    let others = 0;
    world.runs.before = async () => {
      others += 1;
      if (others === 1) await world.says({ type: 'pause', by: person });
    };
    expect(await speak(world.ports(), REF, pause)).toMatchObject({
      type: 'refused',
      refusal: { code: 'run_already_paused' },
    });
  });

  it.each([1, 3])('gives up after %d tries', async (tries) => {
    const world = await talkative(1);
    world.runs.appends.length = 0;
    world.runs.mischief.push(...Array.from({ length: 9 }, () => 'busy' as const));
    expect(await speak(world.ports(), REF, pause, { tries })).toEqual({ type: 'contended' });
    expect(world.runs.appends).toHaveLength(tries);
  });

  it('cannot speak to a run that is missing', async () => {
    const world = await talkative(1);
    vi.spyOn(world.runs, 'append').mockResolvedValue({ type: 'missing' });
    expect(await speak(world.ports(), REF, pause)).toEqual({ type: 'missing' });
    vi.spyOn(world.runs, 'load').mockResolvedValue(null);
    expect(await speak(world.ports(), REF, pause)).toEqual({ type: 'missing' });
  });

  it('never holds the run, and marks the first event of its append', async () => {
    const world = await talkative(1);
    world.drain.abort();
    await world.advance().done;
    await speak(world.ports(), REF, pause);
    const [created] = world.runs.appends;
    expect(created).toMatchObject({ worker: null, take: null, release: false });
    expect(world.runs.events[0]?.appendId).toBe(created?.id);
    expect(world.runs.appends.map(({ events }) => events.map(({ appendId }) => appendId !== null))).toSatisfy(
      (marks: boolean[][]) => marks.every((each) => each.every((marked, index) => marked === (index === 0))),
    );
  });
});
