import type { ModelDelta } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { version } from '../run/testing/versions.ts';
import { LocalDeltas } from './deltas.ts';
import { REF, World } from './testing/world.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const told = (w: World) => w.deltas.map(({ position, text: said }) => [position, said]);

describe('words of a model call', () => {
  it('are gathered for 30 ms and bear their call, its attempt, its event and their position', async () => {
    const w = await World.create(version());
    await w.held();
    const { seq } = w.runs.events.findLast((event) => event.type === 'model.called') ?? { seq: 0 };
    w.model().say('Hel');
    w.model().say('lo');
    await vi.advanceTimersByTimeAsync(29);
    expect(w.deltas).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    w.model().say(' wörld 🦊');
    w.model().say('!');
    await vi.advanceTimersByTimeAsync(30);
    const about = { run_id: REF.run, call: 'm1', attempt: 1, seq };
    expect(w.deltas).toEqual([
      { ...about, position: 0, text: 'Hello' },
      { ...about, position: 5, text: ' wörld 🦊!' },
    ]);
  });

  it('are whole before the answer is recorded, and nothing follows it', async () => {
    const w = await World.create(version());
    await w.held();
    w.model().say('one ');
    await vi.advanceTimersByTimeAsync(30);
    w.model().say('two');
    const pending = w.model();
    w.modelAnswers([], text('one two'));
    await w.untilLog('model.answered');
    expect(told(w)).toEqual([
      [0, 'one '],
      [4, 'two'],
    ]);
    pending.say(' three');
    await vi.advanceTimersByTimeAsync(100);
    expect(w.deltas).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begin anew with each attempt', async () => {
    const w = await World.create(version());
    await w.held();
    w.model().say('lost');
    w.model().answer({ type: 'failed', class: 'transient', message: 'cut' });
    await w.untilLog('attempt.scheduled');
    await vi.advanceTimersByTimeAsync(60_000);
    const again = w.advance();
    await w.until(() => w.models.length === 2);
    w.model().say('found');
    await vi.advanceTimersByTimeAsync(30);
    expect(w.deltas.map(({ attempt, position, text: said }) => [attempt, position, said])).toEqual([
      [1, 0, 'lost'],
      [2, 0, 'found'],
    ]);
    expect(w.deltas[0]?.seq).toBeLessThan(w.deltas[1]?.seq ?? 0);
    w.modelAnswers([]);
    await again.done;
  });
});

describe('listeners in one process', () => {
  const delta = (position: number): ModelDelta => ({
    run_id: REF.run,
    call: 'm1',
    attempt: 1,
    seq: 3,
    position,
    text: 'x',
  });

  it('get what is published from then on, of their run and tenant, until they leave', () => {
    const deltas = new LocalDeltas();
    const first: number[] = [];
    const late: number[] = [];
    const other: number[] = [];
    const leave = deltas.subscribe(REF, ({ position }) => void first.push(position));
    deltas.subscribe({ ...REF, tenant: 'other' }, ({ position }) => void other.push(position));
    deltas.publish(REF, delta(0));
    deltas.subscribe(REF, ({ position }) => void late.push(position));
    deltas.publish(REF, delta(1));
    leave();
    leave();
    deltas.publish(REF, delta(2));
    expect({ first, late, other }).toEqual({ first: [0, 1], late: [1, 2], other: [] });
  });
});
