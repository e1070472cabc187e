import type { WireEvent } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product, until } from './harness/product.ts';
import { onEachSetup, type Setup } from './on-each-setup.ts';
import { seed } from './share.ts';

/** Where the process dies between a run and the run that it has started. */
interface Row {
  readonly died: string;
  readonly kill: Omit<KillSpec, 'token'>;
  /** What the child calls. Default: `pay`, a `once` tool that is called exactly once. */
  readonly calls?: 'note' | 'pay';
  /** Somebody cancels the run above once the run below waits for a person. */
  readonly cancelled?: true;
}

const rows: readonly Row[] = [
  {
    died: 'before the start of a child was committed: the same child is started',
    kill: { at: 'before-append', event: 'child.started' },
  },
  {
    died: 'in the append that starts a child: all or nothing',
    kill: { at: 'in-append', event: 'child.started' },
    // The child may be under way before the kill comes, and a `once` call of it would be unknown.
    calls: 'note',
  },
  {
    died: 'after a child was started, before it began: it is there, and begins',
    kill: { at: 'after-append', event: 'child.started' },
  },
  {
    died: 'right after the end of a child was committed: its parent hears of it',
    kill: { at: 'after-append', event: 'run.succeeded' },
  },
  {
    died: 'between the end of a child and its parent hearing of it: it hears of it',
    kill: { at: 'before-append', event: 'child.ended' },
  },
  {
    died: 'after the parent heard of the end, before that was noted: it is told once',
    kill: { at: 'after-append', event: 'child.ended' },
  },
  {
    died: 'while the parent is being cancelled and the child was not told: it is told',
    kill: { at: 'before-append', event: 'run.cancel_requested' },
    cancelled: true,
  },
  {
    died: 'after the child was told to stop, before that was noted: both end once',
    kill: { at: 'after-append', event: 'run.cancel_requested' },
    cancelled: true,
  },
  {
    died: 'between the end of the cancelled child and its parent hearing of it: both end once',
    kill: { at: 'before-append', event: 'child.ended' },
    cancelled: true,
  },
];

const ofType = (events: readonly WireEvent[], type: string): readonly WireEvent['data'][] =>
  events.filter((event) => event.type === type).map(({ data }) => data);

async function runRow({ kill, calls = 'pay', cancelled }: Row, setup: Setup): Promise<void> {
  const product = await Product.start({ ...setup, kill });
  try {
    await product.publish(
      agent('helper', [[cancelled ? { tool: 'ask', args: { question: 'Well?' } } : { tool: calls }]]),
    );
    await product.publish(
      agent('boss', [[{ tool: 'helper', args: { input: 'go' } }]], { tools: [{ agent: 'helper' }] }),
    );
    const { id } = await product.client.runs.start({ agent: 'boss', input: 'go' });
    if (cancelled) {
      await until('the child to ask', 60_000, async () =>
        (await product.client.attention.list().page()).items.length === 1 ? true : null,
      );
      await product.client.runs.cancel(id);
    }
    await product.died();
    const status = cancelled ? 'cancelled' : 'succeeded';
    expect(await product.ended(id)).toBe(status);

    const events = await product.events(id);
    const started = ofType(events, 'child.started');
    expect(started).toHaveLength(1);
    expect(ofType(events, 'child.ended')).toMatchObject([{ run: started[0]?.['run'], status }]);
    const below = await product.events(String(started[0]?.['run']));
    expect(ofType(below, 'run.created')).toMatchObject([{ parent: { run: id } }]);
    expect(ofType(below, `run.${status}`)).toHaveLength(1);
    for (const log of [events, below]) expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    const effects = [...(await product.counter.timesByKey(calls)).values()];
    // A child that was started twice would have called under another key.
    expect(effects).toHaveLength(cancelled ? 0 : 1);
    if (calls === 'pay') expect(effects).toEqual(cancelled ? [] : [1]);
  } finally {
    await product.stop();
  }
}

onEachSetup(`a run and the run below it (seed ${seed})`, (fresh, share) => {
  it.each(share(rows))('$died', async (row) => runRow(row, await fresh()), 120_000);
});
