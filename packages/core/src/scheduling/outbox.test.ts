import { expect, test } from 'vitest';
import { type Outbox, type OutboxPorts, type OutboxRow, sweepOutbox } from './outbox.ts';

const rowOf = (subject: string, attempt = 1): OutboxRow => ({
  kind: 'child',
  tenant: 'acme',
  subject,
  attempt,
  reservedUntil: 5_000,
});

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
  await sweepOutbox(ports, 'child', () => Promise.resolve('done'));
  expect(told.toSorted()).toEqual(rows.map(({ subject }) => `${subject} finished`).toSorted());
});

test('puts off what has more to do, as if it were new', async () => {
  const { ports, told } = over([rowOf('s', 4)]);
  await sweepOutbox(ports, 'child', () => Promise.resolve({ again: 7_000 }));
  expect(told).toEqual(['s again at 7000, 0']);
});

test.each([
  [1, 2_000],
  [3, 5_000],
  [50, 61_000],
])('what fails at attempt %i is logged and put off until %i; the others go on', async (attempt, until) => {
  const { ports, told } = over([rowOf('bad', attempt), rowOf('good')]);
  await sweepOutbox(ports, 'child', ({ subject }) =>
    subject === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve('done'),
  );
  expect(told.toSorted()).toEqual(
    [
      'a row of the outbox could not be handled; it is tried again',
      `bad again at ${until}, ${attempt}`,
      'good finished',
    ].toSorted(),
  );
});
