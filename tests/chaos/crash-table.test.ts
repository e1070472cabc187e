import { expect, it } from 'vitest';
import type { WireEvent } from '@holdfast/contracts';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product } from './harness/product.ts';
import { onEachSetup, onPostgres, type Setup } from './on-each-setup.ts';
import { seed } from './share.ts';

/** One line of the crash table: where the process dies, and what whoever takes over must do. */
interface Row {
  readonly died: string;
  readonly kill: Omit<KillSpec, 'token'>;
  readonly calls: readonly string[];
  /** Effects that the counter saw, by tool: exactly, or at most. */
  readonly effects: Readonly<Record<string, number | { readonly atMost: number }>>;
  /** `once` calls that a person is asked about. */
  readonly unknown: readonly string[] | 'perhaps';
  readonly check?: (events: readonly WireEvent[]) => void;
}

const count = (events: readonly WireEvent[], type: string): number =>
  events.filter((event) => event.type === type).length;

const attempts = (events: readonly WireEvent[], type: string): unknown[] =>
  events.filter((event) => event.type === type).map((event) => event.data['attempt']);

const rows: readonly Row[] = [
  {
    died: 'before the intent was committed: the same action again',
    kill: { at: 'before-append', event: 'tool.called', effect: 'once' },
    calls: ['pay'],
    effects: { pay: 1 },
    unknown: [],
    check: (events) => expect(attempts(events, 'tool.called')).toEqual([1]),
  },
  {
    died: 'after a model intent, before the answer: called again, attempt + 1',
    kill: { at: 'before-model' },
    calls: ['pay'],
    effects: { pay: 1 },
    unknown: [],
    check: (events) => expect(attempts(events, 'model.called').slice(0, 2)).toEqual([1, 2]),
  },
  {
    died: 'after the model answered, before it was committed: called again',
    kill: { at: 'after-model' },
    calls: ['pay'],
    effects: { pay: 1 },
    unknown: [],
    check: (events) => expect(attempts(events, 'model.called').slice(0, 2)).toEqual([1, 2]),
  },
  ...(['read', 'idempotent'] as const).flatMap((effect): Row[] => {
    const tool = effect === 'read' ? 'look' : 'note';
    const check = (events: readonly WireEvent[]): void => {
      expect(attempts(events, 'tool.called')).toEqual([1, 2]);
      expect(
        new Set(events.filter((event) => event.type === 'tool.called').map((event) => event.data['key'])).size,
      ).toBe(1);
    };
    return [
      {
        died: `after a ${effect} intent, before the effect: called again with the same key`,
        kill: { at: 'before-tool', effect },
        calls: [tool],
        effects: { [tool]: 1 },
        unknown: [],
        check,
      },
      {
        died: `after a ${effect} effect, before its result was committed: called again with the same key`,
        kill: { at: 'after-tool', effect },
        calls: [tool],
        effects: { [tool]: 2 },
        unknown: [],
        check,
      },
    ];
  }),
  {
    died: 'after a once intent, before the effect: unknown, a person is asked, other calls go on',
    kill: { at: 'before-tool', effect: 'once' },
    calls: ['pay', 'note'],
    effects: { pay: 0, note: { atMost: 2 } },
    unknown: ['pay'],
    check: (events) => expect(count(events, 'tool.returned')).toBe(1),
  },
  {
    died: 'after a once effect, before the result was committed: the same',
    kill: { at: 'after-tool', effect: 'once' },
    calls: ['pay', 'note'],
    effects: { pay: 1, note: { atMost: 2 } },
    unknown: ['pay'],
    check: (events) => expect(count(events, 'tool.returned')).toBe(1),
  },
  {
    died: 'in an append: all or nothing',
    kill: { at: 'in-append', event: 'tool.called', effect: 'once' },
    calls: ['pay'],
    effects: { pay: { atMost: 1 } },
    unknown: 'perhaps',
  },
  {
    died: 'right after an append with an intent: unknown',
    kill: { at: 'after-append', event: 'tool.called', effect: 'once' },
    calls: ['pay'],
    effects: { pay: 0 },
    unknown: ['pay'],
  },
];

/** Two workers that are alive; nobody dies. */
const alive: Row = {
  died: 'the answer to an append is lost, the worker lives: it recognises its own append',
  kill: { at: 'append-answer-lost', event: 'tool.called', effect: 'once' },
  calls: ['pay', 'note'],
  effects: { pay: 1, note: 1 },
  unknown: [],
  check: (events) => {
    expect(attempts(events, 'tool.called')).toEqual([1, 1]);
    expect(count(events, 'run.taken_over')).toBe(0);
  },
};

async function runRow(row: Row, setup: Setup): Promise<void> {
  const product = await Product.start({ ...setup, kill: row.kill });
  try {
    await product.publish(agent('crash', [row.calls.map((tool) => ({ tool })), []]));
    const { id } = await product.client.runs.start({ agent: 'crash', input: 'go' });
    if (row !== alive) await product.died();
    const { attention } = await product.settled(id);
    const asked = attention.filter((item) => item.kind === 'unknown-effect');
    if (row.unknown !== 'perhaps') expect(asked.map((item) => item.detail['tool'])).toEqual(row.unknown);
    for (const item of asked) {
      // The other calls of the answer have gone on by themselves.
      await product.client.attention.decide(id, item.ref, { decision: 'done', content: 'it was done' });
    }
    expect(await product.ended(id)).toBe('succeeded');
    const events = await product.events(id);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(count(events, 'tool.unknown')).toBe(asked.length);
    for (const [tool, expected] of Object.entries(row.effects)) {
      const times = [...(await product.counter.timesByKey(tool)).values()].reduce((sum, each) => sum + each, 0);
      if (typeof expected === 'number') expect(times, tool).toBe(expected);
      else expect(times, tool).toBeLessThanOrEqual(expected.atMost);
    }
    row.check?.(events);
  } finally {
    await product.stop();
  }
}

onEachSetup(`the crash table (seed ${seed})`, (fresh, share) => {
  it.each(share(rows))('$died', async (row) => runRow(row, await fresh()), 120_000);
});

onPostgres('the crash table, worker alive,', (fresh) => {
  it(alive.died, async () => runRow(alive, await fresh()), 120_000);
});
