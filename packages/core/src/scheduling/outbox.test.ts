import { expect, test } from 'vitest';
import type { OutboxKind } from '../log/run-store.ts';
import { type Outbox, type OutboxPorts, type OutboxRow, sweepOutbox } from './outbox.ts';

const rowOf = (subject: string, attempt = 1): OutboxRow => ({
  kind: 'child',
  tenant: 'acme',
  subject,
  attempt,
  reservedUntil: 5_000,
});

const never = new AbortController().signal;

function over(rows: readonly OutboxRow[]) {
  const left = [...rows];
  const told: string[] = [];
  const outbox: Outbox = {
    pick: (_, limit) => Promise.resolve(left.splice(0, limit)),
    finish: (row) => Promise.resolve(void told.push(`${row.subject} finished`)),
    postpone: (row, at, attempts) => Promise.resolve(void told.push(`${row.subject} again at ${at}, ${attempts}`)),
  };
  const note = (_: object, message: string): void => void told.push(message);
  const ports: OutboxPorts = {
    outbox,
    clock: { now: () => 1_000, monotonic: () => 0 },
    log: { info: note, warn: note, error: note },
  };
  return { ports, told };
}

test('handles all that is due, also more than is picked at once', async () => {
  const rows = Array.from({ length: 45 }, (_, index) => rowOf(`s${index}`));
  const { ports, told } = over(rows);
  await sweepOutbox(ports, 'child', () => Promise.resolve('done'), never);
  expect(told.toSorted()).toEqual(rows.map(({ subject }) => `${subject} finished`).toSorted());
});

test('puts off what has more to do, as if it were new', async () => {
  const { ports, told } = over([rowOf('s', 4)]);
  await sweepOutbox(ports, 'child', () => Promise.resolve({ again: 7_000 }), never);
  expect(told).toEqual(['s again at 7000, 0']);
});

test.each([
  [1, 2_000],
  [3, 5_000],
  [50, 61_000],
])('what fails at attempt %i is logged and put off until %i; the others go on', async (attempt, until) => {
  const { ports, told } = over([rowOf('bad', attempt), rowOf('good')]);
  await sweepOutbox(
    ports,
    'child',
    ({ subject }) => (subject === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve('done')),
    never,
  );
  expect(told.toSorted()).toEqual(
    [
      'a row of the outbox could not be handled; it is tried again',
      `bad again at ${until}, ${attempt}`,
      'good finished',
    ].toSorted(),
  );
});

test('stops between two picks, however much is due', async () => {
  const { ports, told } = over([]);
  const stop = new AbortController();
  let picks = 0;
  const pick: Outbox['pick'] = (_, limit) => {
    picks += 1;
    if (picks === 3) stop.abort();
    if (picks > 9) throw new Error('it goes on and on');
    return Promise.resolve(Array.from({ length: limit }, (_each, index) => rowOf(`s${picks}.${index}`)));
  };
  const endless = { ...ports, outbox: { ...ports.outbox, pick } };
  await sweepOutbox(endless, 'retention', () => Promise.resolve({ again: 1_000 }), stop.signal);
  expect(picks).toBe(3);
  // What was picked is handled, or it would wait for its reservation.
  expect(told).toHaveLength(6);
});

test.each<[OutboxKind, number]>([
  ['bulk', 2],
  ['schedule', 5],
  ['retention', 2],
  ['files', 3],
  ['child', 20],
])('of kind %s at most %i are handled side by side', async (kind, most) => {
  const { ports, told } = over(Array.from({ length: 45 }, (_, index) => rowOf(`s${index}`)));
  let [now, peak] = [0, 0];
  const handler = async () => {
    now += 1;
    peak = Math.max(peak, now);
    await Promise.resolve();
    now -= 1;
    return 'done' as const;
  };
  await sweepOutbox(ports, kind, handler, never);
  expect([peak, told.length]).toEqual([most, 45]);
});
