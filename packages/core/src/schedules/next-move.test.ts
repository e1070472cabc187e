import { describe, expect, test } from 'vitest';
import { type Move, nextMove } from './next-move.ts';
import type { Schedule } from './schedule.ts';
import { MINUTE, minutely } from './testing/sample.ts';

const start = (tick: number | null, fromBuffer = false): Move => ({ type: 'start', tick, fromBuffer });

describe('what comes next', () => {
  const hour = 60 * MINUTE;
  const waiting = { buffered: { tick: MINUTE }, reached: MINUTE } as const;
  test.each<[string, Schedule, number, boolean, Move]>([
    ['before its tick it waits for it', minutely(), 59_999, false, { type: 'wait', until: MINUTE }],
    ['at its tick it starts a run', minutely(), MINUTE, false, start(MINUTE)],
    ['of several ticks the oldest', minutely(), 5 * MINUTE, false, start(MINUTE)],
    [
      'what was dealt with is not again',
      minutely({}, { reached: MINUTE }),
      MINUTE,
      false,
      { type: 'wait', until: 2 * MINUTE },
    ],
    ['after its end there is nothing', minutely({ endsAt: 5 }), MINUTE, false, { type: 'wait', until: null }],
    [
      'before its beginning there is nothing',
      minutely({ startsAt: hour }),
      MINUTE,
      false,
      { type: 'wait', until: hour },
    ],
    [
      'skip: ticks so far are passed',
      minutely(),
      3 * MINUTE + 5,
      true,
      { type: 'skip', count: 3, reached: 3 * MINUTE },
    ],
    ['allow: one beside the other', minutely({ overlap: 'allow' }), MINUTE, true, start(MINUTE)],
    [
      'buffer-one: the first waits',
      minutely({ overlap: 'buffer-one' }),
      3 * MINUTE,
      true,
      { type: 'buffer', tick: MINUTE, cancel: false },
    ],
    [
      'buffer-one: the next ones are passed',
      minutely({ overlap: 'buffer-one' }, waiting),
      3 * MINUTE,
      true,
      { type: 'skip', count: 2, reached: 3 * MINUTE },
    ],
    [
      'cancel-other: it waits for that end',
      minutely({ overlap: 'cancel-other' }),
      MINUTE,
      true,
      { type: 'buffer', tick: MINUTE, cancel: true },
    ],
    [
      'cancel-other: a newer one takes its place',
      minutely({ overlap: 'cancel-other' }, waiting),
      2 * MINUTE,
      true,
      { type: 'buffer', tick: 2 * MINUTE, cancel: true },
    ],
    [
      'what waits is looked for each second',
      minutely({}, waiting),
      MINUTE + 5,
      true,
      { type: 'wait', until: MINUTE + 1_005 },
    ],
    [
      'and at the next tick, if that is sooner',
      minutely({}, waiting),
      2 * MINUTE - 5,
      true,
      { type: 'wait', until: 2 * MINUTE },
    ],
    ['what waits starts before what has come since', minutely({}, waiting), 3 * MINUTE, false, start(MINUTE, true)],
    [
      'what waits starts although it has ended',
      minutely({ endsAt: 5 }, { buffered: { tick: null } }),
      MINUTE,
      false,
      start(null, true),
    ],
    ['at the edge of the catch-up window it starts', minutely(), MINUTE + hour, false, start(MINUTE)],
    [
      'beyond it ticks are missed',
      minutely(),
      10 * MINUTE + hour + 1,
      false,
      { type: 'miss', count: 10, reached: 10 * MINUTE },
    ],
    [
      'beyond it they are missed whatever runs',
      minutely({ overlap: 'allow' }),
      MINUTE + hour + 1,
      true,
      { type: 'miss', count: 1, reached: MINUTE },
    ],
  ])('%s', (_what, schedule, now, busy, expected) => {
    expect(nextMove(schedule, now, busy)).toEqual(expected);
  });

  test('very many missed ticks are passed in one go, and not all counted', () => {
    const now = 90 * 24 * hour;
    const move = nextMove(minutely(), now, false);
    expect(move).toEqual({ type: 'miss', count: 1_000, reached: now - hour - 1 });
    if (move.type !== 'miss') throw new Error('it is missed');
    expect(nextMove(minutely({}, { reached: move.reached }), now, false)).toEqual(start(now - hour));
  });

  test('very many ticks are skipped in pieces', () => {
    const move = nextMove(minutely({ catchUpSeconds: 2_592_000 }), 2_000 * MINUTE, true);
    expect(move).toEqual({ type: 'skip', count: 1_000, reached: 1_000 * MINUTE });
  });

  test('a tick with a jitter is due when its run is to start', () => {
    const schedule = minutely({ jitterSeconds: 30 });
    const first = nextMove(schedule, MINUTE, false);
    if (first.type !== 'wait' || first.until === null) throw new Error('its jitter is 0, take another id');
    expect(first.until).toBeLessThan(MINUTE + 30_000);
    expect(nextMove(schedule, first.until - 1, false)).toEqual(first);
    expect(nextMove(schedule, first.until, false)).toEqual(start(MINUTE));
  });
});
