import { EVENT_FORMAT, text } from '@holdfast/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Append } from '../log/run-store.ts';
import { person } from '../run/testing/simulation.suite.ts';
import { version } from '../run/testing/versions.ts';
import { answered, World } from './testing/world.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const world = (): Promise<World> => World.create(version());
/** By an event that this release cannot read. */
const goneOnWith = ({ runs: { events } }: World): number =>
  events.push(...events.splice(-1).map((event) => ({ ...event, format: EVENT_FORMAT + 1 })));

const takeOver = { type: 'take-over', from: 'w1', why: 'lease-expired', leaseUntil: 1_000_000 } as const;

describe('a run that is carried to its end', () => {
  it('makes one request for each attempt, and lets go with the end', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('read', 'once');
    for (const tool of w.tools) tool.answer(answered());
    await w.until(() => w.models.length === 2);
    w.modelAnswers([], text('done'));
    expect(await hold.done).toBe('released');
    expect(w.runs.types().at(-1)).toBe('run.succeeded');
    expect(w.runs.holder).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
    const intents = w.runs.types().filter((type) => type === 'model.called' || type === 'tool.called');
    expect(intents).toHaveLength(w.models.length + w.tools.length);
    expect(w.outcomes).toEqual(['model answered', 'read answered', 'once answered', 'model answered']);
  });

  it('takes what came while it was writing', async () => {
    const w = await world();
    await w.held();
    await w.asks('read', 'once');
    let written = false;
    w.runs.before = async () => {
      if (written) return;
      written = true;
      w.tools[1]?.answer(answered());
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    };
    w.tools[0]?.answer(answered());
    await w.until(() => w.models.length === 2);
    expect(w.runs.types().slice(-3)).toEqual(['tool.returned', 'tool.returned', 'model.called']);
  });

  it('commits each intent before its effect begins', async () => {
    const w = await world();
    const seen: string[][] = [];
    w.runs.before = (append) =>
      void seen.push([
        ...append.events.map(({ type }) => type),
        `models ${w.models.length}`,
        `tools ${w.tools.length}`,
      ]);
    await w.held();
    await w.asks('once');
    expect(seen).toEqual([
      ['run.admitted', 'run.claimed', 'model.called', 'models 0', 'tools 0'],
      ['model.answered', 'tool.called', 'models 1', 'tools 0'],
    ]);
  });

  it('shows the model what was said, and how many answers it gave', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    w.tool().answer(answered('the result'));
    await w.until(() => w.models.length === 2);
    expect(w.model().request.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
    expect(w.model().request).toMatchObject({ answers: 1, attempt: 1, maxOutputTokens: 100 });
    expect(w.tool().request).toMatchObject({ attempt: 1, timeoutMs: 10_000, arguments: {}, tool: { name: 'once' } });
  });

  it('lets go while it waits, and says when it is due', async () => {
    const w = await world();
    const hold = await w.held();
    w.modelAnswers([['wait', { seconds: 60 }]]);
    expect(await hold.done).toBe('released');
    expect(w.runs.holder).toBeNull();
    expect(w.runs.projection?.dueAt).toBe(Date.now() + 60_000);
  });

  it('wakes by itself for a timer while a call is under way', async () => {
    const w = await world();
    await w.held();
    w.modelAnswers([['wait', { seconds: 5 }], 'read']);
    await w.untilLog('wait.began');
    await vi.advanceTimersByTimeAsync(4_999);
    expect(w.runs.types()).not.toContain('wait.ended');
    await vi.advanceTimersByTimeAsync(1);
    await w.untilLog('wait.ended');
  });
});

describe('somebody speaks', () => {
  it('while a call is under way: the holder looks up when it is nudged', async () => {
    const w = await world();
    const hold = await w.held();
    await w.says({
      type: 'send_message',
      id: '018f0000-0000-7000-8000-000000000001',
      mode: 'interrupt',
      content: text('no'),
      by: person,
    });
    expect(hold.state()?.head).toBe(w.runs.events.length - 1);
    hold.nudge();
    await w.until(() => w.models.length === 2);
    expect(hold.state()?.head).toBe(w.runs.events.length);
    expect(w.models[0]?.signal.aborted).toBe(true);
    expect(w.runs.types().slice(-3)).toEqual(['model.interrupted', 'message.delivered', 'model.called']);
    expect(w.model().request.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
  });

  it('its own appends are no news: nothing is read again for them', async () => {
    const w = await world();
    const hold = await w.held();
    let reads = 0;
    const read = w.runs.eventsAfter.bind(w.runs);
    w.runs.eventsAfter = (...args) => ((reads += 1), read(...args));
    for (let step = 0; step < 3; step += 1) {
      await w.asks('once');
      hold.nudge(w.runs.events.length);
      w.tool().answer(answered());
      await w.until(() => w.models.length === step + 2);
      hold.nudge(w.runs.events.length);
    }
    expect(reads).toBe(0);
    await w.says({ type: 'pause', by: person });
    hold.nudge(w.runs.events.length);
    await w.until(() => reads === 1);
  });

  it('just before an append: the result is kept, with what now follows', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    let spoken = false;
    w.runs.before = async (append: Append) => {
      if (spoken || append.worker === null) return;
      spoken = true;
      await w.says({
        type: 'send_message',
        id: '018f0000-0000-7000-8000-000000000001',
        mode: 'steer',
        content: text('left'),
        by: person,
      });
    };
    w.tool().answer(answered());
    await w.until(() => w.models.length === 2);
    expect(w.runs.types().slice(-4)).toEqual([
      'message.received',
      'tool.returned',
      'message.delivered',
      'model.called',
    ]);
    expect(w.tools).toHaveLength(1);
  });

  it('pauses just before an append: the result is kept and nothing begins', async () => {
    const w = await world();
    const hold = await w.held();
    let spoken = false;
    w.runs.before = async (append: Append) => {
      if (spoken || append.worker === null) return;
      spoken = true;
      await w.says({ type: 'pause', by: person });
    };
    w.modelAnswers(['once']);
    expect(await hold.done).toBe('released');
    expect(w.runs.types().slice(-2)).toEqual(['run.paused', 'model.answered']);
    expect(w.tools).toEqual([]);
  });

  it('again and again: no result is lost', async () => {
    const w = await world();
    await w.held();
    await w.asks('once');
    let times = 0;
    w.runs.before = async (append: Append) => {
      if (append.worker === null || times >= 10) return;
      times += 1;
      await w.says(times % 2 === 1 ? { type: 'pause', by: person } : { type: 'resume', by: person });
    };
    w.tool().answer(answered());
    await w.untilLog('tool.returned');
    await w.until(() => w.models.length === 2);
    expect(w.runs.types().filter((type) => type === 'tool.returned')).toHaveLength(1);
  });

  it('cancels: model and read calls are aborted, a begun `once` call is not', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once', 'read');
    await w.says({ type: 'cancel', by: person });
    hold.nudge();
    await w.untilLog('tool.failed');
    expect(w.tools.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await hold.done).toBe('released');
    expect(w.runs.types().slice(-2)).toEqual(['tool.unknown', 'run.cancelled']);
  });

  it('cancels, and an aborted call is slow to end: the holder waits and does not spin', async () => {
    const w = await world();
    let looks = 0;
    const clock = { now: () => ((looks += 1), Date.now()), monotonic: () => Date.now() };
    const hold = w.advance({ type: 'claim' }, { clock, model: { call: () => new Promise(() => undefined) } });
    await w.untilLog('model.called');
    await w.says({ type: 'cancel', by: person });
    hold.nudge();
    await vi.advanceTimersByTimeAsync(5_000);
    looks = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(0);
  });
});

describe('another worker has the run', () => {
  it('took it over: the holder finds out by its append, and a `once` call’s answer becomes a late result', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once');
    await w.says({ type: 'take_over', worker: 'w2', from: 'w1', why: 'lease-expired', lease_until: Date.now() });
    w.tool().answer(answered('after all'));
    expect(await hold.done).toBe('lost');
    await w.untilLog('tool.resolved');
    const { state, transcript } = await w.folded();
    expect(state).toMatchObject({ phase: 'live', holder: 'w2', problem: null });
    expect(transcript.messages.at(-1)).toMatchObject({ role: 'tool', content: text('after all') });
  });

  it('took it over: a hint is enough; what may be aborted is, a `once` call’s answer still counts', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once', 'read');
    await w.says({ type: 'take_over', worker: 'w2', from: 'w1', why: 'lease-expired', lease_until: Date.now() });
    hold.nudge();
    expect(await hold.done).toBe('lost');
    expect(w.tools.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    w.tools[0]?.answer(answered('after all'));
    await w.untilLog('tool.resolved');
  });

  it('and answers that came together are all kept', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once', 'once');
    w.runs.before = async (append: Append) => {
      if (append.worker === null || w.runs.types().includes('run.taken_over')) return;
      await w.says({ type: 'take_over', worker: 'w2', from: 'w1', why: 'lease-expired', lease_until: Date.now() });
      // It reaches the mailbox while the first answer is being committed.
      w.tools[1]?.answer(answered('second'));
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    };
    w.tools[0]?.answer(answered('first'));
    expect(await hold.done).toBe('lost');
    await w.until(() => w.runs.types().filter((type) => type === 'tool.resolved').length === 2);
  });

  it('claimed it first: nothing was begun', async () => {
    const w = await world();
    w.runs.holder = 'w2';
    expect(await w.advance().done).toBe('not-yours');
    expect(w.models).toEqual([]);
    expect(w.runs.types()).toEqual(['run.created']);
  });

  it('whose holder is dead is taken over: open calls are called again or unknown', async () => {
    const w = await world();
    await w.held();
    await w.asks('once', 'read');
    const hold = w.advance(takeOver, {}, 'w2');
    await w.until(() => w.tools.length === 3);
    expect(w.tool().request).toMatchObject({ attempt: 2, key: w.tools[1]?.request.key, tool: { name: 'read' } });
    expect(w.runs.types().slice(-5)).toEqual([
      'run.taken_over',
      'tool.unknown',
      'tool.failed',
      'attempt.scheduled',
      'tool.called',
    ]);
    expect(hold.state()?.head).toBe(w.runs.events.length);
  });

  it.each([
    ['has ended', async (w: World) => (await w.held(), w.modelAnswers([]), w.untilLog('run.succeeded'))],
    ['is missing', (w: World) => void vi.spyOn(w.runs, 'load').mockResolvedValue(null)],
    ['a newer release has gone on with', (w: World) => void goneOnWith(w)],
  ])('a run that %s is not taken', async (_, prepare) => {
    const w = await world();
    await prepare(w);
    const before = w.runs.appends.length;
    expect(await w.advance().done).toBe('not-yours');
    expect(w.runs.appends).toHaveLength(before);
  });
});

describe('drain', () => {
  it('begins nothing: what is under way ends, is written, and the run is let go', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('read', 'once');
    w.drain.abort();
    for (const tool of w.tools) tool.answer(answered());
    expect(await hold.done).toBe('released');
    expect(w.runs.types().slice(-2)).toEqual(['tool.returned', 'tool.returned']);
    expect(w.models).toHaveLength(1);
    expect(w.runs.projection?.dueAt).toBe(Date.now());
    expect(w.runs.holder).toBeNull();
  });

  it('does not make the holder spin when a timer is over meanwhile', async () => {
    const w = await world();
    let looks = 0;
    const clock = { now: () => ((looks += 1), Date.now()), monotonic: () => Date.now() };
    const hold = await w.held({ clock });
    await w.asks('once', 'read');
    w.tools[1]?.answer({ type: 'not-sent', message: 'refused' });
    await w.untilLog('attempt.scheduled');
    w.drain.abort();
    hold.nudge();
    await vi.advanceTimersByTimeAsync(1_000);
    looks = 0;
    await vi.advanceTimersByTimeAsync(8_000);
    expect(looks).toBe(0);
    expect(w.tools).toHaveLength(2);
  });

  it('of a run that is just taken lets it go at once', async () => {
    const w = await world();
    w.drain.abort();
    expect(await w.advance().done).toBe('released');
    expect(w.runs.types()).toEqual(['run.created', 'run.admitted', 'run.claimed']);
    expect(w.runs.projection?.dueAt).toBe(Date.now());
  });
});

describe('let go', () => {
  it('at once: what may be aborted is and counts as an attempt, a begun `once` call is waited for', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('once', 'read');
    hold.letGo('aborted');
    await w.until(() => w.tools[1]?.signal.aborted === true);
    expect(w.tools[0]?.signal.aborted).toBe(false);
    w.tools[0]?.answer(answered('done'));
    expect(await hold.done).toBe('released');
    expect(w.runs.types().slice(-3)).toEqual(
      expect.arrayContaining(['tool.failed', 'attempt.scheduled', 'tool.returned']),
    );
    expect(w.models).toHaveLength(1);
  });

  it('at once: a model call is tried again, not interrupted', async () => {
    const w = await world();
    const hold = await w.held();
    hold.letGo('aborted');
    expect(await hold.done).toBe('released');
    expect(w.runs.types().slice(-2)).toEqual(['model.failed', 'attempt.scheduled']);
    expect(hold.state()).toMatchObject({ phase: 'live', turn: { at: 'model', call: { phase: { is: 'scheduled' } } } });
  });

  it('at the next step: calls under way end, nothing follows them here', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('read');
    hold.letGo('ended');
    w.tools[0]?.answer(answered('done'));
    expect(await hold.done).toBe('released');
    expect(w.tools[0]?.signal.aborted).toBe(false);
    expect(w.runs.types().at(-1)).toBe('tool.returned');
  });

  it('hears of a cancel while a call is under way', async () => {
    const w = await world();
    const hold = await w.held();
    await w.asks('read');
    hold.letGo('ended');
    await w.says({ type: 'cancel', by: person });
    hold.nudge();
    await w.until(() => w.tools[0]?.signal.aborted === true);
    expect(await hold.done).toBe('released');
    expect(w.runs.types().at(-1)).toBe('run.cancelled');
  });
});
