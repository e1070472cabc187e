import { prepareNamespace } from '@holdfast/driver-temporal';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import { ended, Product, until } from './harness/product.ts';
import { onTemporal } from './on-each-setup.ts';
import { whole } from './share.ts';

// Runs under way move between the drivers: the workers that began last drive.

const RUNS = whole ? 100 : 10;

/** Runs with two `once` effects around a question, some of which have asked, and some of which are on their way. */
async function underWay(product: Product): Promise<readonly string[]> {
  await product.publish(
    agent('mover', [
      [{ tool: 'pay', args: { ms: 300 } }],
      [{ tool: 'ask', args: { question: 'on?' } }, { tool: 'note' }],
      [{ tool: 'wait', args: { seconds: 1 } }],
      [
        { tool: 'pay', args: { ms: 300 } },
        { tool: 'note', args: { ms: 300 } },
      ],
    ]),
  );
  const runs: string[] = [];
  for (let index = 0; index < RUNS; index += 1)
    runs.push((await product.client.runs.start({ agent: 'mover', input: `${index}` })).id);
  // Some wait, some work.
  await until('effects', 60_000, async () => ((await product.counter.effects()).length >= RUNS / 4 ? true : null));
  return runs;
}

/** As a person: answers questions, and looks whether an unknown effect happened. Every event is there once. */
async function finish(product: Product, runs: readonly string[], asked: 'nobody' | 'perhaps'): Promise<void> {
  const open = new Set(runs);
  let unknown = 0;
  await until('all runs to end', 240_000, async () => {
    const done = await product.counter.timesByKey('pay');
    for await (const { run_id, ref, kind } of product.client.attention.list({ limit: 200 })) {
      if (kind === 'unknown-effect') unknown += 1;
      const decision =
        kind === 'question'
          ? ({ decision: 'answer', answer: 'yes' } as const)
          : done.has(`${run_id}.${ref}`)
            ? ({ decision: 'done', content: 'counted' } as const)
            : ({ decision: 'fail' } as const);
      await product.client.attention.decide(run_id, ref, decision).catch(() => undefined);
    }
    for (const run of open) if (ended.has((await product.client.runs.get(run)).status)) open.delete(run);
    return open.size === 0 ? true : null;
  });
  if (asked === 'nobody') expect(unknown).toBe(0);
  for (const run of runs) {
    expect((await product.client.runs.get(run)).status).toBe('succeeded');
    const events = await product.events(run);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.filter(({ type }) => type === 'run.succeeded')).toHaveLength(1);
  }
  expect(Math.max(...(await product.counter.timesByKey('pay')).values())).toBe(1);
}

/** Whose hands the runs went through. */
async function holders(product: Product, runs: readonly string[]): Promise<ReadonlySet<unknown>> {
  const seen = new Set<unknown>();
  for (const run of runs)
    for (const { type, data } of await product.events(run))
      if (type === 'run.claimed' || type === 'run.taken_over') seen.add(data['worker']);
  return seen;
}

onTemporal('runs that move', (fresh) => {
  const settings = (address: string) => ({
    address,
    namespace: 'default',
    taskQueue: '',
    advanceTaskQueue: '',
    tls: null,
    apiKey: null,
    token: null,
  });

  it.each([
    ['to Temporal', 'SIGTERM'],
    ['to Temporal', 'SIGKILL'],
    ['from Temporal', 'SIGTERM'],
    ['from Temporal', 'SIGKILL'],
  ] as const)(
    `${RUNS} of them, %s, the old workers ended by %s: all finish once`,
    async (direction, signal) => {
      const { postgres, temporal } = await fresh();
      if (temporal === null) throw new Error('no Temporal');
      await prepareNamespace(settings(temporal));
      const [before, after] = direction === 'to Temporal' ? ['', temporal] : [temporal, ''];
      const product = await Product.start({ postgres, temporal, environment: { TEMPORAL_ADDRESS: before } });
      try {
        const runs = await underWay(product);
        const old = [...product.workers];
        const young = await product.startWorker({ TEMPORAL_ADDRESS: after });
        for (const worker of old) worker.signal(signal);
        await Promise.all(old.map((worker) => worker.ended));
        await finish(product, runs, signal === 'SIGTERM' ? 'nobody' : 'perhaps');
        const seen = await holders(product, runs);
        expect(seen.has(young.ready['worker'])).toBe(true);
        expect(old.some((worker) => seen.has(worker.ready['worker']))).toBe(true);
      } finally {
        await product.stop();
      }
    },
    400_000,
  );

  it('go to the workers that began last, and back when the last of these is gone', async () => {
    const { postgres, temporal } = await fresh();
    if (temporal === null) throw new Error('no Temporal');
    await prepareNamespace(settings(temporal));
    const product = await Product.start({ postgres, temporal, workers: 1, environment: { TEMPORAL_ADDRESS: '' } });
    try {
      await product.publish(agent('quick', [[{ tool: 'note' }]]));
      const holder = async (): Promise<unknown> => {
        const { id } = await product.client.runs.start({ agent: 'quick', input: 'go' });
        expect(await product.ended(id)).toBe('succeeded');
        return (await product.events(id)).find(({ type }) => type === 'run.claimed')?.data['worker'];
      };
      const [embedded] = product.workers;
      expect(await holder()).toBe(embedded?.ready['worker']);
      const young = await product.startWorker({ TEMPORAL_ADDRESS: temporal });
      expect(await holder()).toBe(young.ready['worker']);
      expect(await holder()).toBe(young.ready['worker']);
      await young.kill();
      // Within a lease.
      expect(await holder()).toBe(embedded?.ready['worker']);
    } finally {
      await product.stop();
    }
  }, 120_000);

  it('move with the one process that has the embedded database', async () => {
    const { temporal } = await fresh();
    if (temporal === null) throw new Error('no Temporal');
    await prepareNamespace(settings(temporal));
    const product = await Product.start({ postgres: null, temporal, environment: { TEMPORAL_ADDRESS: '' } });
    try {
      const runs = await underWay(product);
      await product.api.kill();
      await product.startApi({ TEMPORAL_ADDRESS: temporal });
      await finish(product, runs, 'perhaps');
      const again = await underWay(product);
      await product.api.kill();
      await product.startApi();
      await finish(product, again, 'perhaps');
    } finally {
      await product.stop();
    }
  }, 400_000);
});
