import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { person } from '../run/testing/simulation.suite.ts';
import { version } from '../run/testing/versions.ts';
import { answered, World } from './testing/world.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const world = (): Promise<World> => World.create(version());

describe('the database', () => {
  it('is away and comes back: results are kept and no new effect begins meanwhile', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    w.runs.away = true;
    w.tool().answer(answered());
    await vi.advanceTimersByTimeAsync(2_000);
    expect(w.models).toHaveLength(1);
    w.runs.away = false;
    await vi.advanceTimersByTimeAsync(1_000);
    await w.until(() => w.models.length === 2);
    expect(w.runs.types().slice(-2)).toEqual(['tool.returned', 'model.called']);
  });

  it('stays away: the run is given up, and what may be aborted is', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once', 'read', 'read');
    const failed = hold.done.catch((error: unknown) => error);
    w.runs.away = true;
    w.tools[2]?.answer(answered());
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await failed).toMatchObject({ code: 'database_unavailable' });
    expect(w.tools.map(({ signal }) => signal.aborted)).toEqual([false, true, false]);
  });

  it('loses the answer to an append: nothing is done twice and nothing becomes unknown', async () => {
    const w = await world();
    await w.held();
    w.runs.mischief.push('answer-lost');
    w.modelAnswers(['once']);
    await vi.advanceTimersByTimeAsync(50);
    await w.until(() => w.tools.length === 1);
    expect(w.runs.types().slice(-2)).toEqual(['model.answered', 'tool.called']);
    w.runs.mischief.push('answer-lost');
    w.tool().answer(answered());
    await vi.advanceTimersByTimeAsync(50);
    await w.until(() => w.models.length === 2);
    expect(w.runs.types()).not.toContain('tool.unknown');
    expect(w.tools).toHaveLength(1);
  });

  it('loses the answer to a late result: it is in the log once', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once');
    await w.says({ type: 'take_over', worker: 'w2', from: 'w1', why: 'lease-expired', lease_until: Date.now() });
    hold.nudge();
    expect(await hold.done).toBe('lost');
    w.runs.mischief.push('answer-lost');
    w.tool().answer(answered('late'));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(w.runs.types().filter((type) => type === 'tool.resolved' || type === 'tool.late_result')).toEqual([
      'tool.resolved',
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('went back: the run halts and a person is asked; the answer is not lost', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once');
    const head = w.runs.events.length;
    w.runs.goBackTo(head - 1);
    w.tool().answer(answered());
    expect(await hold.done).toBe('released');
    expect(w.runs.types().slice(-2)).toEqual(['model.answered', 'log.went_back']);
    expect(w.runs.projection?.attention.opened.map(({ kind }) => kind)).toEqual(['log-problem']);
    expect(w.models).toHaveLength(1);
    expect(w.logged).toContain('the log went back');
    await w.untilLog('tool.late_result');
  });

  it('went back behind this worker’s claim: the run is lost, the log says so and a person is asked', async () => {
    const w = await world();
    const hold = await w.held();
    w.runs.goBackTo(1);
    w.modelAnswers([]);
    expect(await hold.done).toBe('lost');
    expect(w.runs.types()).toEqual(['run.created', 'log.went_back']);
    expect(w.runs.projection?.attention.opened.map(({ kind }) => kind)).toEqual(['log-problem']);
  });

  it('holds an event that cannot be read: nothing begins and a person is asked', async () => {
    const w = await world();
    await w.says({ type: 'pause', by: person });
    await w.says({ type: 'resume', by: person });
    const [, paused] = w.runs.events;
    if (paused !== undefined) w.runs.events[1] = { ...paused, payload: '{' };
    expect(await w.advance().done).toBe('released');
    expect(w.models).toEqual([]);
    expect((await w.folded()).state).toMatchObject({
      problem: { seq: 2, reason: expect.stringContaining('not JSON') as unknown },
    });
    expect(w.runs.projection?.attention.opened.map(({ kind }) => kind)).toEqual(['log-problem']);
    expect(w.runs.projection?.dueAt).toBeGreaterThan(Date.now());
  });
});

describe('a beginning that cannot be read', () => {
  it('is a problem of the log: nothing begins, a person is asked, and the run is let go', async () => {
    const w = await world();
    const [created] = w.runs.events;
    if (created !== undefined) w.runs.events[0] = { ...created, payload: '{"agent":7}' };
    expect(await w.advance().done).toBe('released');
    expect(w.models).toEqual([]);
    expect(w.runs.projection?.attention.opened.map(({ kind }) => kind)).toEqual(['log-problem']);
  });
});
