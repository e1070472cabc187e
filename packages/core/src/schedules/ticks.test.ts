import { describe, expect, test } from 'vitest';
import { comingTicks, cronProblem, nextTick, startOf } from './ticks.ts';

const ms = (text: string): number => Date.parse(text);

/** Ticks after `from`, as `HH:MM` of UTC with the day in front. */
function ticks(cron: string, timeZone: string, from: string, count: number, times: object = {}): string[] {
  const all: string[] = [];
  let tick: number | null = ms(from);
  while (all.length < count) {
    tick = nextTick({ cron, timeZone, startsAt: null, endsAt: null, ...times }, tick);
    if (tick === null) break;
    all.push(new Date(tick).toISOString().slice(5, 19).replace('T', ' ').replace(/:00$/, ''));
  }
  return all;
}

describe('ticks', () => {
  test.each<[string, string, string, string, string[]]>([
    [
      'each day at nine in winter and summer',
      '0 9 * * *',
      'Europe/Berlin',
      '2026-03-28T00:00:00Z',
      ['03-28 08:00', '03-29 07:00'],
    ],
    ['west of Greenwich', '0 9 * * *', 'America/New_York', '2026-01-01T00:00:00Z', ['01-01 14:00', '01-02 14:00']],
    ['a zone of half an hour', '0 9 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z', ['01-01 03:30', '01-02 03:30']],
    [
      'with seconds',
      '*/20 * * * * *',
      'UTC',
      '2026-01-01T00:00:00.500Z',
      ['01-01 00:00:20', '01-01 00:00:40', '01-01 00:01'],
    ],
    ['on a tick, the one after it', '0 * * * *', 'UTC', '2026-01-01T01:00:00Z', ['01-01 02:00']],
    ['just before a tick, that one', '0 * * * *', 'UTC', '2026-01-01T00:59:59.999Z', ['01-01 01:00']],
    ['on the last day of a month', '0 0 L * *', 'UTC', '2026-02-01T00:00:00Z', ['02-28 00:00', '03-31 00:00']],
    ['on the 13th or a Friday', '0 0 13 * 5', 'UTC', '2026-03-07T00:00:00Z', ['03-13 00:00', '03-20 00:00']],
    // The clock goes from 02:00 to 03:00 (01:00 UTC).
    [
      'a time that a day in spring lacks is the moment of the change',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      ['03-29 01:00', '03-30 00:30'],
    ],
    [
      'steps inside the hour that it lacks do not come',
      '*/30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      ['03-30 00:00', '03-30 00:30'],
    ],
    [
      'each hour goes on through the spring',
      '0 * * * *',
      'Europe/Berlin',
      '2026-03-28T23:30:00Z',
      ['03-29 00:00', '03-29 01:00', '03-29 02:00'],
    ],
    // The clock goes from 03:00 back to 02:00 (01:00 UTC).
    [
      'a time that a day in autumn has twice comes once',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      ['10-25 00:30', '10-26 01:30'],
    ],
    [
      'steps come in both hours',
      '*/30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      ['10-25 00:00', '10-25 00:30', '10-25 01:00', '10-25 01:30', '10-26 01:00'],
    ],
    [
      'each hour goes on through the autumn',
      '0 * * * *',
      'Europe/Berlin',
      '2026-10-24T23:30:00Z',
      ['10-25 00:00', '10-25 01:00', '10-25 02:00'],
    ],
  ])('%s', (_what, cron, zone, from, expected) => {
    expect(ticks(cron, zone, from, expected.length)).toEqual(expected);
  });

  test('only from its beginning to its end, both included', () => {
    const times = { startsAt: ms('2026-01-01T02:00:00Z'), endsAt: ms('2026-01-01T04:00:00Z') };
    expect(ticks('0 * * * *', 'UTC', '2026-01-01T00:00:00Z', 9, times)).toEqual([
      '01-01 02:00',
      '01-01 03:00',
      '01-01 04:00',
    ]);
  });
});

describe('a run starts later than its tick by a jitter', () => {
  const spec = { cron: '0 * * * *', timeZone: 'UTC', startsAt: null, endsAt: null, jitterSeconds: 600 };
  const coming = comingTicks('s1', spec, ms('2026-01-01T00:00:00Z'), 50);
  const late = coming.map(({ tick, at }) => at - tick);

  test('within its bound, and not always the same', () => {
    for (const each of late) expect(each).toBeLessThan(600_000);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(new Set(late).size).toBeGreaterThan(40);
  });

  test('of which everybody comes to the same, and another schedule to another', () => {
    expect(comingTicks('s1', { ...spec }, ms('2026-01-01T00:00:00Z'), 50)).toEqual(coming);
    const other = comingTicks('s2', spec, ms('2026-01-01T00:00:00Z'), 50);
    expect(other.map(({ tick }) => tick)).toEqual(coming.map(({ tick }) => tick));
    expect(other).not.toEqual(coming);
  });

  test('never after the next tick', () => {
    const minutely = { ...spec, cron: '* * * * *', jitterSeconds: 86_400 };
    for (const { tick, at } of comingTicks('s1', minutely, 0, 50)) expect(at - tick).toBeLessThan(60_000);
    expect(startOf('s1', { ...spec, jitterSeconds: 0 }, 5)).toBe(5);
  });
});

test.each<[string, string, RegExp | null]>([
  ['0 9 * * 1-5', 'Europe/Berlin', null],
  ['*/5 * * * * *', 'UTC', null],
  ['0 9 * *', 'UTC', /^cron: .*this has 4/],
  ['0 0 9 * * * 2030', 'UTC', /^cron: .*this has 7/],
  ['@daily', 'UTC', /^cron: .*this has 1/],
  ['61 * * * *', 'UTC', /^cron: .*61/],
  ['x * * * *', 'UTC', /^cron: /],
  ['0 0 30 2 *', 'UTC', /^cron: fits no time/],
  ['0 9 * * *', 'Mars/Olympus', /^time_zone: Mars\/Olympus is no time zone/],
  ['0 9 * * *', '', /^time_zone: /],
])('%s in %s', (cron, timeZone, expected) => {
  const problem = cronProblem({ cron, timeZone });
  if (expected === null) expect(problem).toBeNull();
  else expect(`${String(problem?.field)}: ${String(problem?.message)}`).toMatch(expected);
});
