import { expect, test } from 'vitest';
import type { RunStore } from '../log/run-store.ts';
import type { StoredEvent } from '../log/stored-event.ts';
import { type EndReason, type Frame, type Listener, PENDING_BYTES, RunReader } from './run-reader.ts';

const ref = { tenant: 't', run: 'r' };

/** Reads under way. */
let reading = 0;

/** A log in memory; each read is a turn of the event loop later, as a database's is. */
function log() {
  const events: StoredEvent[] = [];
  let encoded = 0;
  const runs = {
    eventsAfter: async (_ref: unknown, after: number, limit: number) => {
      reading += 1;
      await new Promise((resolve) => setImmediate(resolve));
      reading -= 1;
      return events.filter(({ seq }) => seq > after).slice(0, limit);
    },
  } as unknown as RunStore;
  const encode = ({ json }: { json: string }): Uint8Array => {
    encoded += 1;
    return new TextEncoder().encode(json);
  };
  const append = (type = 'wait.ended', payload = '{}'): void =>
    void events.push({
      seq: events.length + 1,
      type,
      format: 1,
      at: 0,
      call: null,
      model: null,
      tokens: null,
      costUsdMicros: null,
      appendId: null,
      payload,
    });
  return { runs, encode, append, encoded: () => encoded };
}

function listener(takes = true) {
  const seen: number[] = [];
  let pending = 0;
  let reason: EndReason | null = null;
  const heard: Listener = {
    send: (frame: Frame) => {
      seen.push(frame.seq);
      if (!takes) pending += frame.bytes.length;
    },
    pending: () => pending,
    drained: () => Promise.resolve(),
    end: (why) => {
      reason = why;
    },
  };
  return { heard, seen, reason: () => reason };
}

/** Until nobody has read for some turns of the event loop: then nothing is left that could be sent. */
async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 5; quiet += 1) {
    if (reading > 0) quiet = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('subscribers that come at any time get every event once, and the stream ends with the run', async () => {
  const { runs, encode, append } = log();
  for (let at = 0; at < 450; at += 1) append();
  const reader = new RunReader(ref, 0, runs, encode);
  const all = [listener(), listener(), listener()];
  for (const [index, { heard }] of all.entries()) {
    reader.subscribe(heard, index * 100, null);
    append();
    reader.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
  append('run.succeeded');
  reader.wake();
  await settle();
  for (const [index, { seen, reason }] of all.entries()) {
    expect(seen).toEqual(Array.from({ length: 454 - index * 100 }, (_, at) => index * 100 + at + 1));
    expect(reason()).toBe('ended');
  }
  expect(reader.idle).toBe(true);
});

test('an event that comes while many listen is serialised once', async () => {
  const { runs, encode, append, encoded } = log();
  append();
  const reader = new RunReader(ref, 0, runs, encode);
  const all = Array.from({ length: 50 }, () => listener());
  for (const { heard } of all) reader.subscribe(heard, 0, null);
  await settle();
  const before = encoded();
  append();
  reader.wake();
  await settle();
  expect(encoded() - before).toBe(1);
  expect(all.every(({ seen }) => seen.length === 2)).toBe(true);
});

test('one who takes nothing is cut with a reason; the others go on', async () => {
  const { runs, encode, append } = log();
  append();
  const reader = new RunReader(ref, 0, runs, encode);
  const [slow, quick] = [listener(false), listener()];
  reader.subscribe(slow.heard, 0, null);
  reader.subscribe(quick.heard, 0, null);
  await settle();
  for (let at = 0; at < 40; at += 1) append('wait.ended', JSON.stringify({ text: 'x'.repeat(60_000) }));
  reader.wake();
  await settle();
  expect(slow.reason()).toBe('slow');
  expect(slow.seen.length).toBeLessThan(PENDING_BYTES / 60_000 + 2);
  expect(quick.seen).toHaveLength(41);
  expect(quick.reason()).toBeNull();
});

test('a wake that comes as a read ends is heard', async () => {
  const { runs, encode, append } = log();
  append();
  let afterRead = (): void => undefined;
  const watched = {
    eventsAfter: (...args: Parameters<RunStore['eventsAfter']>) => {
      const read = runs.eventsAfter(...args);
      // One turn after the reader has gone on with what it read.
      void read.then(() => undefined).then(() => afterRead());
      return read;
    },
  } as unknown as RunStore;
  const reader = new RunReader(ref, 0, watched, encode);
  const { heard, seen } = listener();
  reader.subscribe(heard, 0, null);
  await settle();
  afterRead = () => {
    afterRead = () => undefined;
    append();
    reader.wake();
  };
  append();
  reader.wake();
  await settle();
  expect(seen).toEqual([1, 2, 3]);
});

test('who resumes after the end of an ended run is let go', async () => {
  const { runs, encode, append } = log();
  append('run.failed');
  append('tool.resolved');
  const reader = new RunReader(ref, 1, runs, encode);
  const { heard, seen, reason } = listener();
  reader.subscribe(heard, 1, 2);
  await settle();
  expect(seen).toEqual([2]);
  expect(reason()).toBe('ended');
});

test('who reads a finished log that is deleted meanwhile is told so', async () => {
  const { runs, encode, append } = log();
  append();
  const reader = new RunReader(ref, 0, runs, encode);
  const { heard, seen, reason } = listener();
  reader.subscribe(heard, 0, 7);
  await settle();
  expect(seen).toEqual([1]);
  expect(reason()).toBe('deleted');
});
