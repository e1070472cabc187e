import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WireEvent } from '@holdfast/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import { Product, until } from './harness/product.ts';
import { tcpFront } from './harness/tcp-front.ts';
import { onEachSetup, onPostgres } from './on-each-setup.ts';
import { whole } from './share.ts';

// What every driver owes: the same file on the embedded one and on Temporal. Deaths at exact lines are in the crash tables.

const count = (events: readonly WireEvent[], type: string): number =>
  events.filter((event) => event.type === type).length;
const first = (events: readonly WireEvent[], type: string): WireEvent => {
  const found = events.find((event) => event.type === type);
  if (found === undefined) throw new Error(`there is no ${type}`);
  return found;
};
const gapFree = (events: readonly WireEvent[]): void =>
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));

onEachSetup('a driver', (fresh) => {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start(await fresh());
    const thinks = [{ say: 'I have thought.', delay: '60s' }];
    await product.publish(agent('thinker', [], { rehearsal: thinks }));
    await product.publish(agent('quick', [], { rehearsal: [{ say: 'done' }] }));
    await product.publish(agent('asker', [[{ tool: 'ask', args: { question: 'well?' } }], [{ tool: 'note' }]]));
    await product.publish(agent('sleeper', [[{ tool: 'wait', args: { seconds: 2 } }], [{ tool: 'note' }]]));
    await product.publish(agent('payer', [[{ tool: 'pay', args: { ms: 300 } }], [{ tool: 'pay', args: { ms: 300 } }]]));
    await product.publish(
      agent('silent', [[{ tool: 'pay', args: { until: never() } }]], {
        tools: [{ mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '60s' }],
      }),
    );
    await product.publish(
      agent('careful', [[{ tool: 'pay' }]], {
        tools: [{ mcp: 'effects', allow: ['pay'], effect: 'once', approval: { by: { role: 'operator' } } }],
      }),
    );
    await product.publish(
      agent('parent', [], {
        tools: [{ agent: 'asker' }],
        rehearsal: [{ calls: [{ tool: 'asker', args: { input: 'ask for me' } }] }, { say: 'the child has ended' }],
      }),
    );
  }, 120_000);
  afterAll(() => product.stop());

  const never = (): string => join(product.folder, 'never');
  const start = async (name: string): Promise<string> =>
    (await product.client.runs.start({ agent: name, input: 'go' })).id;
  const happens = (run: string, type: string, times = 1): Promise<readonly WireEvent[]> =>
    until(`${type} in run ${run}`, 30_000, async () => {
      const events = await product.events(run);
      return count(events, type) >= times ? events : null;
    });
  const hasEffects = (run: string, times: number): Promise<true> =>
    until(`${times} effects of run ${run}`, 30_000, async () => {
      const effects = await product.counter.effects();
      return effects.filter(({ key }) => key.startsWith(run)).length >= times ? true : null;
    });
  /** A run whose first payment has happened and answers when the test says so; another one would follow. */
  const paying = async (beside: Parameters<typeof agent>[1][number] = []) => {
    const go = join(product.folder, randomUUID());
    await product.publish(agent('held', [[{ tool: 'pay', args: { until: go } }, ...beside], [{ tool: 'pay' }]]));
    const run = await start('held');
    await hasEffects(run, 1 + beside.length);
    return { run, letAnswer: () => writeFile(go, '') };
  };
  const answerAll = async (run: string): Promise<void> => {
    const { attention } = await product.settled(run);
    for (const { ref, kind } of attention)
      await product.client.attention.decide(
        run,
        ref,
        kind === 'approval' ? { decision: 'approve' } : { decision: 'answer', answer: 'yes' },
      );
  };

  it('wakes a run once, however often it is told to', async () => {
    const run = await start('payer');
    // Each word makes the run due again.
    for (let index = 0; index < 10; index += 1)
      await product.client.runs.send(run, { content: `word ${index}`, mode: 'queue' }).catch(() => undefined);
    expect(await product.ended(run)).toBe('succeeded');
    const events = await product.events(run);
    gapFree(events);
    expect(count(events, 'run.taken_over')).toBe(0);
    expect(Math.max(...(await product.counter.timesByKey('pay')).values())).toBe(1);
  });

  it('cancels a model call that is under way', async () => {
    const run = await start('thinker');
    await happens(run, 'model.called');
    const began = Date.now();
    await product.client.runs.cancel(run);
    expect(await product.ended(run)).toBe('cancelled');
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(count(await product.events(run), 'model.interrupted')).toBe(1);
  });

  it('leaves a `once` call its grace when the run is cancelled', async () => {
    const { run, letAnswer } = await paying([{ tool: 'note', args: { until: never() } }]);
    await product.client.runs.cancel(run);
    // That the worker has heard of it shows in the call that may be aborted.
    await happens(run, 'tool.failed');
    await letAnswer();
    expect(await product.ended(run)).toBe('cancelled');
    const events = await product.events(run);
    expect(count(events, 'tool.returned')).toBe(1);
    expect(count(events, 'tool.unknown')).toBe(0);
  });

  it('calls a `once` call unknown that does not answer in its grace', async () => {
    const run = await start('silent');
    await hasEffects(run, 1);
    await product.client.runs.cancel(run);
    expect(await product.ended(run)).toBe('cancelled');
    const events = await product.events(run);
    expect(count(events, 'tool.unknown')).toBe(1);
    expect(first(events, 'run.cancelled').data['unresolved']).toHaveLength(1);
  });

  it('waits for an approval', async () => {
    const run = await start('careful');
    const { attention } = await product.settled(run);
    expect(attention.map(({ kind }) => kind)).toEqual(['approval']);
    await answerAll(run);
    expect(await product.ended(run)).toBe('succeeded');
  });

  it('waits for a timer, and is on time', async () => {
    const run = await start('sleeper');
    expect(await product.ended(run)).toBe('succeeded');
    const events = await product.events(run);
    const late = Date.parse(first(events, 'wait.ended').at) - Number(first(events, 'wait.began').data['until']);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(5_000);
  });

  it('pauses and resumes', async () => {
    const { run, letAnswer } = await paying();
    await product.client.runs.pause(run);
    // While a call is under way it is not paused yet.
    await letAnswer();
    await until('the pause', 20_000, async () =>
      (await product.client.runs.get(run)).status === 'paused' ? true : null,
    );
    const before = (await product.events(run)).length;
    await product.client.runs.resume(run);
    expect(await product.ended(run)).toBe('succeeded');
    const events = await product.events(run);
    expect(count(events.slice(0, before), 'tool.called')).toBe(1);
    expect(count(events, 'tool.called')).toBe(2);
  });

  it.each([
    ['steer', 'before the next model call'],
    ['queue', 'after the turn'],
  ] as const)('delivers a message: %s, %s', async (mode, _when) => {
    const { run, letAnswer } = await paying();
    await product.client.runs.send(run, { content: 'hear me', mode });
    await letAnswer();
    expect(await product.ended(run)).toBe('succeeded');
    const events = await product.events(run);
    expect(count(events, 'message.delivered')).toBe(1);
    const delivered = first(events, 'message.delivered').seq;
    const called = events.filter(({ type, seq }) => type === 'tool.called' && seq < delivered).length;
    expect(called).toBe(mode === 'steer' ? 1 : 2);
  });

  it('delivers a message that interrupts the model', async () => {
    const run = await start('thinker');
    await happens(run, 'model.called');
    await product.client.runs.send(run, { content: 'stop', mode: 'interrupt' });
    const events = await happens(run, 'message.delivered');
    expect(count(events, 'model.interrupted')).toBe(1);
    await product.client.runs.cancel(run);
    expect(await product.ended(run)).toBe('cancelled');
  });

  it('starts a child, waits for it, and goes on', async () => {
    const run = await start('parent');
    const { data } = first(await happens(run, 'child.started'), 'child.started');
    const child = String(data['run']);
    expect((await product.client.runs.get(run)).status).toBe('waiting');
    await answerAll(child);
    expect(await product.ended(child)).toBe('succeeded');
    expect(await product.ended(run)).toBe('succeeded');
  });

  it('carries a fork', async () => {
    const run = await start('asker');
    await answerAll(run);
    expect(await product.ended(run)).toBe('succeeded');
    const answered = first(await product.events(run), 'question.answered').seq;
    const fork = await product.client.runs.fork(run, { at: answered });
    expect(await product.ended(fork.id)).toBe('succeeded');
    expect(count(await product.events(fork.id), 'question.asked')).toBe(1);
  });

  const waiting = whole ? 1_000 : 100;
  it(`lets ${waiting} runs wait, and wakes each`, async () => {
    const runs: string[] = [];
    const callers = 20;
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (runs.length < waiting) {
          const place = runs.push('') - 1;
          runs[place] = await start('asker');
        }
      }),
    );
    await until('all to ask', 400_000, async () => {
      let asking = 0;
      for await (const item of product.client.attention.list({ limit: 200 })) if (item.kind === 'question') asking += 1;
      return asking >= runs.length ? true : null;
    });
    await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        for (let index = caller; index < runs.length; index += callers) await answerAll(runs[index] ?? '');
      }),
    );
    for (const run of runs) expect(await product.ended(run, 400_000)).toBe('succeeded');
    expect(Math.max(...(await product.counter.timesByKey('note')).values())).toBe(1);
  }, 900_000);
});

/** Twenty runs of steps with effects, half of them `once`. */
async function underWay(product: Product, steps = 6): Promise<readonly string[]> {
  const calls = [
    { tool: 'pay', args: { ms: 200 } },
    { tool: 'note', args: { ms: 200 } },
  ];
  await product.publish(
    agent(
      'busy',
      Array.from({ length: steps }, () => calls),
    ),
  );
  const runs = await Promise.all(
    Array.from({ length: 20 }, () => product.client.runs.start({ agent: 'busy', input: 'go' })),
  );
  await until('effects', 30_000, async () => ((await product.counter.effects()).length > 20 ? true : null));
  return runs.map(({ id }) => id);
}

/** All end, nobody is asked unless a worker died, and no `once` effect is doubled. */
async function allEnd(product: Product, runs: readonly string[], asked: 'nobody' | 'perhaps'): Promise<void> {
  for (const run of runs) {
    for (;;) {
      const { status, attention } = await product.settled(run, 120_000);
      if (attention.length === 0) {
        expect(status).toBe('succeeded');
        break;
      }
      expect(asked).toBe('perhaps');
      const done = await product.counter.timesByKey('pay');
      for (const { ref } of attention)
        await product.client.attention.decide(
          run,
          ref,
          done.has(`${run}.${ref}`) ? { decision: 'done', content: 'counted' } : { decision: 'fail' },
        );
    }
    gapFree(await product.events(run));
  }
  expect(Math.max(...(await product.counter.timesByKey('pay')).values())).toBe(1);
}

onPostgres('a driver of several workers', (fresh) => {
  it('hands over when a release replaces its workers: no take-over, nothing doubled, nobody is asked', async () => {
    const product = await Product.start(await fresh());
    try {
      const runs = await underWay(product);
      const old = [...product.workers];
      for (const worker of old) {
        await product.startWorker();
        worker.signal('SIGTERM');
        await worker.ended;
      }
      await allEnd(product, runs, 'nobody');
      for (const run of runs) expect(count(await product.events(run), 'run.taken_over')).toBe(0);
      expect(Math.max(...(await product.counter.timesByKey('note')).values())).toBe(1);
    } finally {
      await product.stop();
    }
  }, 240_000);

  it('carries on when a worker is killed', async () => {
    const product = await Product.start(await fresh());
    try {
      const runs = await underWay(product);
      await product.killAndReplace(0);
      await allEnd(product, runs, 'perhaps');
    } finally {
      await product.stop();
    }
  }, 240_000);

  it('carries on when the network between a worker and the database is cut and healed', async () => {
    const setup = await fresh();
    const url = new URL(setup.postgres ?? '');
    const front = await tcpFront(`127.0.0.1:${url.port}`);
    url.host = front.address;
    const product = await Product.start({ ...setup, workers: 0 });
    try {
      await product.startWorker({ DATABASE_URL: url.href });
      // Long enough for the start of another worker.
      const runs = await underWay(product, 50);
      await product.startWorker();
      front.cut();
      // The other worker takes over once the lease has run out.
      await until('a take-over', 60_000, async () => {
        for (const run of runs) if (count(await product.events(run), 'run.taken_over') > 0) return true;
        return null;
      });
      front.heal();
      await allEnd(product, runs, 'perhaps');
    } finally {
      await product.stop();
      front.close();
    }
  }, 240_000);
});
