import { text } from '@holdfast/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Append } from '../log/run-store.ts';
import { attentionOf } from '../run/attention.ts';
import { person } from '../run/testing/simulation.suite.ts';
import { retries, tool, version } from '../run/testing/versions.ts';
import type { AdvancePorts } from './advance.ts';
import { answered, World } from './testing/world.ts';
import type { ToolOutcome } from './tools.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const world = (): Promise<World> => World.create(version());
const data = async (w: World, type: string): Promise<unknown> => {
  const stored = w.runs.events.findLast((event) => event.type === type);
  return JSON.parse(stored?.payload ?? 'null') as unknown;
};

describe('a request to the model', () => {
  it('names the model of the intent, also when it is a fallback', async () => {
    const model = { ...version().model, fallbacks: [{ name: 'second', prices: null }] };
    const w = await World.create(version({ model }));
    await w.held();
    expect(w.model().request).toMatchObject({ model: 'rehearsal', attempt: 1 });
    w.model().answer({ type: 'failed', class: 'transient', message: 'no' });
    await w.untilLog('attempt.scheduled');
    await vi.advanceTimersByTimeAsync(60_000);
    w.advance();
    await w.until(() => w.models.length === 2);
    expect(w.model().request).toMatchObject({ model: 'second', attempt: 2 });
  });
});

describe('a lease too short for an effect', () => {
  it('by a millisecond: no request to the model', async () => {
    const w = await world();
    w.leaseMs = 1_999;
    w.advance();
    await w.untilLog('model.failed');
    expect(w.models).toEqual([]);
    expect(await data(w, 'model.failed')).toMatchObject({ class: 'not-sent' });
  });

  it('is one of less than two seconds', async () => {
    const w = await world();
    w.leaseMs = 2_000;
    w.advance();
    await w.until(() => w.models.length === 1);
    expect(w.runs.types().at(-1)).toBe('model.called');
  });

  it.each(['once', 'read'])('a `%s` tool is not sent, and is called again later', async (name) => {
    const w = await world();
    const hold = await w.held();
    w.leaseMs = 0;
    w.modelAnswers([name]);
    expect(await hold.done).toBe('released');
    expect(w.tools).toEqual([]);
    expect(w.runs.types().slice(-2)).toEqual(['tool.failed', 'attempt.scheduled']);
    expect(await data(w, 'tool.failed')).toMatchObject({ class: 'not-sent' });
  });
});

describe('a tool that says that it is at work', () => {
  it.each(['once', 'read'])('is waited for anew: `%s`', async (name) => {
    const w = await world();
    await w.held();
    await w.asks(name);
    const { progressed } = w.tool().request;
    for (let times = 0; times < 5; times += 1) {
      await vi.advanceTimersByTimeAsync(9_999);
      progressed();
    }
    expect(w.tool().signal.aborted).toBe(false);
    w.tool().answer(answered());
    await w.untilLog('tool.returned');
    expect(w.runs.types()).not.toContain('tool.unknown');
  });

  it('for ever is given up in the end', async () => {
    const w = await world();
    await w.held();
    await w.asks('read');
    const { progressed } = w.tool().request;
    for (let times = 0; times < 12; times += 1) {
      await vi.advanceTimersByTimeAsync(9_999);
      progressed();
    }
    expect(w.tool().signal.aborted).toBe(true);
  });

  it('too late changes nothing: the call stays unknown', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    await vi.advanceTimersByTimeAsync(10_000);
    await w.untilLog('tool.unknown');
    w.tool().request.progressed();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(w.tool().signal.aborted).toBe(true);
  });
});

describe('a tool that asks right before the call leaves', () => {
  it('may begin while the lease is long enough and the call was not given up', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    const { mayBegin } = w.tool().request;
    expect(mayBegin()).toBe(true);
    w.leaseMs = 1_999;
    expect(mayBegin()).toBe(false);
    w.leaseMs = 5_000;
    await vi.advanceTimersByTimeAsync(9_999);
    expect(mayBegin()).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(mayBegin()).toBe(false);
  });
});

describe('a time-out', () => {
  it('of the model aborts it; it counts as transient', async () => {
    const w = await world();
    await w.held();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(w.model().signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await w.untilLog('model.failed');
    expect(await data(w, 'model.failed')).toMatchObject({ class: 'transient', message: 'no answer within 10000 ms' });
    expect(w.outcomes).toEqual(['model timed-out']);
  });

  it('of a model call that waited for a place is no failed attempt: it waits again', async () => {
    const w = await world();
    w.whenAborted = { type: 'aborted', content: [], waited: true };
    await w.held();
    await vi.advanceTimersByTimeAsync(10_000);
    await w.untilLog('attempt.scheduled');
    expect(await data(w, 'model.failed')).toMatchObject({ class: 'rate-limited' });
    expect(await data(w, 'attempt.scheduled')).toMatchObject({ burns: false });
  });

  it.each(['read', 'same'])('of a `%s` call aborts it; it is called again', async (name) => {
    const w = await world();
    await w.held();
    await w.asks(name);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(w.tool().signal.aborted).toBe(true);
    await w.untilLog('attempt.scheduled');
    expect(await data(w, 'tool.failed')).toMatchObject({ class: 'no-answer' });
  });

  it('of a `once` call makes it unknown and leaves its connection open for one more; a late answer settles it', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once');
    await vi.advanceTimersByTimeAsync(10_000);
    await w.untilLog('tool.unknown');
    expect(await hold.done).toBe('released');
    expect(w.tool().signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(w.tool().signal.aborted).toBe(false);
    w.tool().answer(answered('at last'));
    await w.untilLog('tool.resolved');
    expect(await data(w, 'tool.resolved')).toMatchObject({ how: 'late-result', content: text('at last') });
    expect(w.outcomes).toEqual(['model answered', 'once timed-out']);
  });

  it('a late answer that comes while the run is held settles it too', async () => {
    const w = await world();
    await w.held();
    await w.asks('once', 'read');
    await vi.advanceTimersByTimeAsync(9_000);
    w.tools[1]?.answer(answered());
    await w.untilLog('tool.returned');
    await vi.advanceTimersByTimeAsync(1_000);
    await w.untilLog('tool.unknown');
    w.tools[0]?.answer(answered('late'));
    await w.untilLog('tool.resolved');
    expect(w.runs.types().filter((type) => type === 'tool.resolved')).toHaveLength(1);
  });

  it('a late answer that comes while the last append is under way is not lost', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once');
    let answeredLate = false;
    w.runs.before = async (append: Append) => {
      if (answeredLate || append.worker === null) return;
      answeredLate = true;
      w.tool().answer(answered('late'));
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    };
    await vi.advanceTimersByTimeAsync(10_000);
    await w.untilLog('tool.resolved');
    expect(await hold.done).toBe('released');
  });

  it('a second one closes the connection, and nothing more is written', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(w.tool().signal.aborted).toBe(true);
    const events = w.runs.events.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(w.runs.events).toHaveLength(events);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a late answer is evidence when a person was quicker', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    await vi.advanceTimersByTimeAsync(10_000);
    await w.untilLog('tool.unknown');
    const { state } = await w.folded();
    const call = attentionOf(state)[0]?.call ?? '';
    await w.says({ type: 'resolve_effect', call, how: 'fail', by: person });
    w.tool().answer(answered('late'));
    await w.untilLog('tool.late_result');
  });

  it('longer than a timer can run does not fire at once', async () => {
    const w = await World.create(
      version({
        tools: [tool('once', { retries: { ...retries, timeout: 3_000_000_000 } })],
        limits: { ...version().limits, active_ms: 1e13, deadline_ms: 1e13 },
      }),
    );
    await w.held();
    await w.asks('once');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(w.runs.types().at(-1)).toBe('tool.called');
    expect(w.tool().signal.aborted).toBe(false);
  });
});

describe('an outcome of a tool', () => {
  it.each<[string, ToolOutcome, string[]]>([
    ['once', { type: 'answered', content: text('x'), isError: true }, ['tool.returned', 'model.called']],
    ['once', { type: 'not-sent', message: 'refused' }, ['tool.failed', 'attempt.scheduled']],
    ['once', { type: 'no-answer', message: 'reset' }, ['tool.unknown']],
    ['read', { type: 'no-answer', message: 'reset' }, ['tool.failed', 'attempt.scheduled']],
    ['once', { type: 'changed', found: 'f'.repeat(64) }, ['tool.changed']],
  ])('of `%s`: %j', async (name, outcome, types) => {
    const w = await world();
    await w.held();
    await w.asks(name);
    const before = w.runs.events.length;
    w.tool().answer(outcome);
    await w.until(() => w.runs.events.length === before + types.length);
    expect(w.runs.types().slice(before)).toEqual(types);
    expect(w.outcomes.at(-1)).toBe(`${name} ${outcome.type}`);
  });

  it('with files registers them with the run', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    const file = {
      type: 'artifact',
      digest: 'a'.repeat(64),
      size: 3,
      media_type: 'text/plain',
      name: 'a.txt',
    } as const;
    w.tool().answer({ type: 'answered', content: text('saved'), isError: false, artifacts: [file] });
    await w.untilLog('tool.returned');
    expect(w.runs.projection?.artifacts).toEqual([
      { digest: file.digest, name: 'a.txt', mediaType: 'text/plain', size: 3 },
    ]);
  });

  it.each([
    [32 * 1024, 0],
    [32 * 1024 + 1, 1],
  ])('of %d bytes becomes %d files', async (bytes, files) => {
    const w = await world();
    await w.held();
    await w.asks('once');
    w.tool().answer(answered('x'.repeat(bytes)));
    await w.untilLog('tool.returned');
    expect(w.artifacts.files.size).toBe(files);
    expect(w.runs.projection?.artifacts).toHaveLength(files);
    const { content } = (await data(w, 'tool.returned')) as { content: { type: string; preview?: string }[] };
    expect(content.map(({ type, preview }) => [type, preview?.length])).toEqual([
      files === 0 ? ['text', undefined] : ['artifact', 2_000],
    ]);
  });

  it('that cannot be stored is an answer all the same: its beginning is kept, and no effect is unknown', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    vi.spyOn(w.artifacts, 'put').mockRejectedValue(new Error('disk is full'));
    w.tool().answer(answered('x'.repeat(40_000)));
    await w.untilLog('tool.returned');
    const kept = `${'x'.repeat(2_000)}\n[The rest could not be stored.]`;
    expect(await data(w, 'tool.returned')).toMatchObject({ content: [{ type: 'text', text: kept }] });
  });
});

describe('a `once` call that has not left yet', () => {
  it('must not leave any more once the run is being stopped', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once');
    expect(w.tool().request.mayBegin()).toBe(true);
    await w.says({ type: 'cancel', by: person });
    hold.nudge();
    await w.until(() => !w.tool().request.mayBegin());
    expect(w.tool().signal.aborted).toBe(false);
  });
});

describe('a port that throws', () => {
  const throwing = (how: 'throws' | 'rejects'): { call: () => Promise<never> } => ({
    call: () => {
      if (how === 'throws') throw new Error('a defect');
      return Promise.reject(new Error('a defect'));
    },
  });

  it.each(['throws', 'rejects'] as const)('the model %s: transient, tried again by policy', async (how) => {
    const w = await world();
    const hold = w.advance({ type: 'claim' }, { model: throwing(how) } as Partial<AdvancePorts>);
    expect(await hold.done).toBe('released');
    expect(w.runs.types().slice(-2)).toEqual(['model.failed', 'attempt.scheduled']);
    expect(await data(w, 'model.failed')).toMatchObject({ class: 'transient', message: 'a defect' });
  });

  it.each([
    ['throws', 'once', 'tool.unknown'],
    ['rejects', 'once', 'tool.unknown'],
    ['rejects', 'read', 'attempt.scheduled'],
  ] as const)('a tool %s: no answer, `%s` leads to %s', async (how, name, type) => {
    const w = await world();
    await w.held({ tools: throwing(how) });
    w.modelAnswers([name]);
    await w.untilLog(type);
  });
});

describe('an outcome of the model', () => {
  it('that failed with Retry-After is tried again then, in the same hold or another', async () => {
    const w = await world();
    const hold = await w.held();
    w.model().answer({ type: 'failed', class: 'rate-limited', message: '429', retryAfterMs: 7_000 });
    expect(await hold.done).toBe('released');
    expect(await data(w, 'attempt.scheduled')).toMatchObject({ burns: false, at: Date.now() + 7_000 });
    expect(w.outcomes).toEqual(['model failed']);
  });

  it('that was aborted keeps its words', async () => {
    const w = await world();
    const hold = await w.held();
    await w.says({ type: 'cancel', by: person });
    hold.nudge();
    expect(await hold.done).toBe('released');
    expect(await data(w, 'model.interrupted')).toMatchObject({ content: text('so far'), why: 'cancel' });
    expect(w.runs.types().at(-1)).toBe('run.cancelled');
    expect(vi.getTimerCount()).toBe(0);
  });
});
