import { expect, test } from 'vitest';
import { buffered, changed, dueAt, MOST_FAILURES, notStarted, passed, paused, resumed, started } from './moved.ts';
import { bySchedule } from './schedule.ts';
import { MINUTE, minutely } from './testing/sample.ts';

const by = { type: 'api-key', id: 'k', roles: [] as [] } as const;
const tick = { tick: MINUTE, fromBuffer: false };

test('each change counts as a step, and what people change as a version, too', () => {
  const schedule = minutely();
  const own = [
    passed(schedule, { type: 'skip', count: 1, reached: 1 }),
    buffered(schedule, 1),
    started(schedule, tick, 'r'),
    notStarted(schedule, tick, { code: 'x', detail: '' }, 1),
  ];
  for (const each of own) expect(each).toMatchObject({ step: 2, version: 1, updatedAt: 0 });
  const theirs = [
    paused(schedule, { at: 5, by, reason: null }),
    resumed(schedule, 5),
    changed(schedule, schedule.spec, 5),
  ];
  for (const each of theirs) expect(each).toMatchObject({ step: 2, version: 2, updatedAt: 5 });
});

test('ticks are counted by what became of them', () => {
  expect(passed(minutely(), { type: 'skip', count: 3, reached: 9 })).toMatchObject({
    skipped: 3,
    missed: 0,
    reached: 9,
  });
  expect(passed(minutely(), { type: 'miss', count: 3, reached: 9 })).toMatchObject({
    skipped: 0,
    missed: 3,
    reached: 9,
  });
  const begun = started(minutely({}, { failuresInRow: 4 }), tick, 'r');
  expect(begun).toMatchObject({ fired: 1, lastRun: 'r', lastTick: MINUTE, reached: MINUTE, failuresInRow: 0 });
});

test('one that was asked for by hand leaves the ticks as they are', () => {
  const now = minutely({}, { reached: 7, lastTick: 6 });
  expect(started(now, { tick: null, fromBuffer: false }, 'r')).toMatchObject({ reached: 7, lastTick: 6, lastRun: 'r' });
  expect(buffered(now, null)).toMatchObject({ reached: 7, buffered: { tick: null } });
});

test('one that has waited starts, or gives way to another and counts as skipped', () => {
  const waiting = buffered(minutely(), MINUTE);
  expect(waiting).toMatchObject({ buffered: { tick: MINUTE }, reached: MINUTE, skipped: 0 });
  const later = passed(waiting, { type: 'skip', count: 1, reached: 2 * MINUTE });
  const begun = started(later, { tick: MINUTE, fromBuffer: true }, 'r');
  expect(begun).toMatchObject({ buffered: null, reached: 2 * MINUTE, lastTick: MINUTE, skipped: 1 });
  expect(buffered(waiting, 2 * MINUTE)).toMatchObject({ buffered: { tick: 2 * MINUTE }, skipped: 1 });
});

test('after ten failures in a row it pauses itself and says why', () => {
  let now = minutely();
  for (let index = 1; index < MOST_FAILURES; index += 1)
    now = notStarted(now, { tick: index * MINUTE, fromBuffer: false }, { code: 'agent_not_found', detail: 'none' }, 1);
  expect(now).toMatchObject({ failed: 9, failuresInRow: 9, paused: null, reached: 9 * MINUTE });
  const last = notStarted(
    now,
    { tick: 10 * MINUTE, fromBuffer: false },
    { code: 'agent_not_found', detail: 'none' },
    42,
  );
  expect(last).toMatchObject({ failed: 10, lastError: { at: 42, tick: 10 * MINUTE, code: 'agent_not_found' } });
  expect(last.paused).toMatchObject({ at: 42, by: bySchedule });
  expect(last.paused?.reason).toMatch(/10 ticks in a row .*agent_not_found: none/);
  expect(dueAt(last, 50)).toBeNull();
  const beside = notStarted(
    { ...now, buffered: { tick: 5 } },
    { tick: 6, fromBuffer: false },
    { code: 'x', detail: '' },
    42,
  );
  expect(beside).toMatchObject({ buffered: null, skipped: 1 });
  expect(resumed(last, 99)).toMatchObject({ failuresInRow: 0, paused: null, failed: 10 });
});

test('while it is paused nothing waits, and ticks of that time are nobody’s', () => {
  const waiting = buffered(minutely(), MINUTE);
  const stopped = paused(waiting, { at: 2 * MINUTE, by, reason: 'a break' });
  expect(stopped).toMatchObject({ buffered: null, skipped: 1, paused: { reason: 'a break' } });
  expect(dueAt(stopped, 3 * MINUTE)).toBeNull();
  const going = resumed(stopped, 10 * MINUTE + 5);
  expect(dueAt(going, 10 * MINUTE + 5)).toBe(11 * MINUTE);
});

test('other times count from the change on; ticks that are late stay where the times do', () => {
  const late = minutely({}, { reached: MINUTE, failuresInRow: 3 });
  const now = 10 * MINUTE + 5;
  const same = changed(late, { ...late.spec, input: 'Read.' }, now);
  expect(same).toMatchObject({ reached: MINUTE, failuresInRow: 0, spec: { input: 'Read.' } });
  expect(dueAt(same, now)).toBe(2 * MINUTE);
  for (const times of [
    { cron: '*/2 * * * *' },
    { timeZone: 'Asia/Kolkata' },
    { jitterSeconds: 1 },
    { startsAt: 1 },
    { endsAt: MINUTE * 99 },
  ])
    expect(changed(late, { ...late.spec, ...times }, now).reached).toBe(now);
});

test('it is due at its next tick, at once while a run waits, and never after its end', () => {
  expect(dueAt(minutely(), 5)).toBe(MINUTE);
  expect(dueAt(buffered(minutely(), null), 5)).toBe(5);
  expect(dueAt(minutely({ endsAt: 10 }), 5)).toBeNull();
});
