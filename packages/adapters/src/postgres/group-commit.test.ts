import { DatabaseUnavailable } from '@holdfast/core';
import { afterEach, expect, test, vi } from 'vitest';
import { GroupCommit } from './group-commit.ts';

afterEach(() => void vi.useRealTimers());

interface Item {
  readonly key: string;
  readonly text: string;
}

const item = (key: string, text = key): Item => ({ key, text });

/** A database that keeps every batch and answers when told. */
function fake(answer: (batch: readonly Item[], tries: number) => readonly string[] | Error) {
  const batches: string[][] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const group = new GroupCommit<Item, string>({
    key: ({ key }) => key,
    size: ({ text }) => text.length,
    isBusy: (outcome) => outcome === 'busy',
    maxItems: 4,
    maxBytes: 100,
    async send(batch) {
      inFlight += 1;
      mostInFlight = Math.max(mostInFlight, inFlight);
      batches.push(batch.map(({ text }) => text));
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
      const outcomes = answer(batch, batches.length);
      if (outcomes instanceof Error) throw outcomes;
      return outcomes;
    },
  });
  return { group, batches, mostInFlight: () => mostInFlight };
}

const allFine = (batch: readonly Item[]): string[] => batch.map(({ text }) => `${text} done`);

test('what is added in one turn goes out in one batch, one batch at a time', async () => {
  const { group, batches, mostInFlight } = fake(allFine);
  expect(await Promise.all(['a', 'b', 'c'].map((key) => group.add(item(key))))).toEqual(['a done', 'b done', 'c done']);
  const later = Promise.all([group.add(item('d')), group.add(item('e'))]);
  await later;
  expect(batches).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e'],
  ]);
  expect(mostInFlight()).toBe(1);
});

test('items of one key go out one after the other, in order', async () => {
  const { group, batches } = fake(allFine);
  const texts = ['a1', 'b1', 'a2', 'a3'];
  await Promise.all(texts.map((text) => group.add(item(text.charAt(0), text))));
  expect(batches).toEqual([['a1', 'b1'], ['a2'], ['a3']]);
});

test('a batch ends at the limits of items and bytes; a large item goes alone', async () => {
  const { group, batches } = fake(allFine);
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => group.add(item(key))));
  expect(batches.map(({ length }) => length)).toEqual([4, 1]);
  batches.length = 0;
  await Promise.all(
    [item('a', 'x'.repeat(60)), item('b', 'y'.repeat(60)), item('c', 'z'.repeat(500))].map((one) => group.add(one)),
  );
  expect(batches.map((batch) => batch.map(({ length }) => length))).toEqual([[60], [60], [500]]);
});

test('of a batch that fails only the culprit hears the error', async () => {
  const { group } = fake((batch) => (batch.some(({ text }) => text === 'bad') ? new Error('22P05') : allFine(batch)));
  const outcomes = await Promise.allSettled(['a', 'bad', 'b', 'c'].map((key) => group.add(item(key))));
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason)))).toEqual([
    'a done',
    'Error: 22P05',
    'b done',
    'c done',
  ]);
});

test('a busy item joins the next batches and does not hold up the others', async () => {
  const { group, batches } = fake((batch, tries) =>
    batch.map(({ key }) => (key === 'a' && tries < 4 ? 'busy' : `${key} done`)),
  );
  const slow = group.add(item('a'));
  expect(await group.add(item('b'))).toBe('b done');
  expect(await slow).toBe('a done');
  expect(batches[0]).toEqual(['a', 'b']);
  expect(batches).toHaveLength(4);
});

test('a new item does not wait for busy ones, whose tries are spread over their time all the same', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  // Each look of a poll moves the fake clock on by the interval.
  const paused = (): Promise<void> => expect.poll(() => vi.getTimerCount(), { interval: 0 }).toBe(1);
  const { group, batches } = fake((batch) => batch.map(({ key }) => (key === 'a' ? 'busy' : `${key} done`)));
  const before = performance.now();
  let outcome: string | null = null;
  void group.add(item('a')).then((busy) => (outcome = busy));
  for (let tries = 1; tries < 7; tries += 1) {
    await paused();
    expect(batches).toHaveLength(tries);
    vi.advanceTimersToNextTimer();
  }
  await paused();
  // By now it is asked every 64 ms, of which none passes here.
  for (let index = 0; index < 10; index += 1) expect(await group.add(item('b'))).toBe('b done');
  expect(batches.slice(7)).toEqual(Array.from({ length: 10 }, () => ['b']));
  await paused();
  vi.advanceTimersToNextTimer();
  await paused();
  expect(outcome).toBeNull();
  vi.advanceTimersToNextTimer();
  await expect.poll(() => outcome, { interval: 0 }).toBe('busy');
  expect(performance.now() - before).toBe(2 + 4 + 8 + 16 + 32 + 64 + 64 + 64);
});

test('an item that stays busy is given back as busy', async () => {
  const { group, batches } = fake((batch) => batch.map(() => 'busy'));
  expect(await group.add(item('a'))).toBe('busy');
  expect(batches.length).toBeGreaterThan(3);
  expect(batches.length).toBeLessThan(20);
});

test('a busy item stays before later ones of its key', async () => {
  const { group, batches } = fake((batch, tries) =>
    batch.map(({ text }) => (tries === 1 && text === 'a1' ? 'busy' : `${text} done`)),
  );
  await Promise.all(['a1', 'a2'].map((text) => group.add(item('a', text))));
  expect(batches).toEqual([['a1'], ['a1'], ['a2']]);
});

test('when the database is gone the whole batch hears it at once, and later items are sent', async () => {
  let gone = true;
  const { group, batches } = fake((batch) => (gone ? new DatabaseUnavailable('gone') : allFine(batch)));
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((key) => group.add(item(key))));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  expect(batches).toHaveLength(1);
  gone = false;
  expect(await group.add(item('a'))).toBe('a done');
});
