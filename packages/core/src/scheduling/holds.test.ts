import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answered, REF, World } from '../executor/testing/world.ts';
import { retries, version } from '../run/testing/versions.ts';
import { Holds } from './holds.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

test('runs of a suspended tenant let calls under way end, begin nothing, and are let go', async () => {
  const w = await World.create(version());
  const holds = new Holds(w.ports());
  const hold = holds.carry(REF, { type: 'claim' });
  await w.until(() => w.models.length === 1);
  await w.asks('read');
  holds.suspend(['another']);
  holds.suspend([REF.tenant]);
  holds.suspend([REF.tenant]);
  expect(holds.size).toBe(1);
  w.tool().answer(answered());
  expect(await hold?.done).toBe('released');
  expect(holds.size).toBe(0);
  expect(w.models).toHaveLength(1);
  expect(w.runs.types().at(-1)).toBe('tool.returned');
});

test('what a dead worker has left for a suspended tenant is settled, and nothing is begun', async () => {
  const w = await World.create(
    version({ tools: version().tools.map((tool) => ({ ...tool, retries: { ...retries, first: 0 } })) }),
  );
  const dead = w.advance({ type: 'claim' }, {}, 'w0');
  await w.until(() => w.models.length === 1);
  await w.asks('once', 'read');
  const holds = new Holds(w.ports());
  holds.suspend([REF.tenant]);
  const hold = holds.carry(REF, { type: 'take-over', from: 'w0', why: 'lease-expired', leaseUntil: 1_000_000 });
  expect(await hold?.done).toBe('released');
  expect(w.runs.types().slice(-4)).toEqual(['run.taken_over', 'tool.unknown', 'tool.failed', 'attempt.scheduled']);
  // Another attempt of the call that may be repeated.
  expect(w.tools).toHaveLength(2);
  expect(w.runs.holder).toBeNull();
  dead.nudge();
  expect(await dead.done).toBe('lost');
});
