import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { StoredEvent } from '@holdfast/core';
import { agent } from '../../chaos/harness/agents.ts';
import { Product, until } from '../../chaos/harness/product.ts';
import { foldRecorded, type RecordedRun } from './recorded-run.ts';

// Runs the product on an embedded database and writes the logs that are not here yet; `--fold` folds those that are here
// anew. README.md says when.
const folder = import.meta.dirname;
const fileOf = (name: string): string => join(folder, `${name}.json`);
const write = async (name: string, run: Omit<RecordedRun, 'folded'>): Promise<void> =>
  writeFileSync(fileOf(name), `${JSON.stringify({ ...run, folded: await foldRecorded(run) }, null, 2)}\n`);

const ask = [{ tool: 'ask', args: { question: 'Well?' } }];
const start = async ({ client }: Product, name: string, more: object = {}): Promise<string> =>
  (await client.runs.start({ agent: name, input: 'go', ...more })).id;

/** Publishes an agent with these steps, starts a run of it and waits until it has ended or asks. */
async function begun(
  product: Product,
  name: string,
  steps: Parameters<typeof agent>[1],
  over: object = {},
): Promise<{ readonly id: string; readonly ref: string }> {
  await product.publish(agent(name, steps, over));
  const id = await start(product, name);
  const { attention } = await product.settled(id);
  return { id, ref: attention[0]?.ref ?? '' };
}

/** Each starts a run, does to it what its name says, and returns its id when it is about to end. */
const lives: Readonly<Record<string, (product: Product) => Promise<string>>> = {
  'once-and-idempotent': async (product) =>
    (await begun(product, 'worker', [[{ tool: 'look' }, { tool: 'note' }], [{ tool: 'pay' }]])).id,
  approval: async (product) => {
    const pay = { mcp: 'effects', allow: ['pay'], effect: 'once', approval: { expires: '1h' } };
    const { id, ref } = await begun(product, 'payer', [[{ tool: 'pay' }]], { tools: [pay] });
    await product.client.attention.decide(id, ref, { decision: 'approve', reason: 'fine' });
    return id;
  },
  'approval-denied': async (product) => {
    const pay = { mcp: 'effects', allow: ['pay'], effect: 'once', approval: {} };
    const { id, ref } = await begun(product, 'denied', [[{ tool: 'pay' }]], { tools: [pay] });
    await product.client.attention.decide(id, ref, { decision: 'deny', reason: 'no' });
    return id;
  },
  question: async (product) => {
    const { id, ref } = await begun(product, 'asker', [ask]);
    await product.client.attention.decide(id, ref, { decision: 'answer', answer: 'yes' });
    return id;
  },
  timer: async (product) => (await begun(product, 'sleeper', [[{ tool: 'wait', args: { seconds: 1 } }]])).id,
  budget: async (product) => {
    const tight = (tokens: number) =>
      product.client.budgets.set('tight', { agent: 'spender', tokens, period: 'total' });
    await product.publish(agent('spender', []));
    await tight(10);
    const { id } = await begun(product, 'spender', []);
    await tight(1_000_000);
    return id;
  },
  limit: async (product) => {
    const { id, ref } = await begun(product, 'limited', [[{ tool: 'note' }]], { limits: { steps: 1 } });
    await product.client.attention.decide(id, ref, { decision: 'raise', to: 10 });
    return id;
  },
  child: async (product) => {
    await product.publish(agent('helper', [], { description: 'Helps.' }));
    return (
      await begun(product, 'boss', [[{ tool: 'helper', args: { input: 'task' } }]], { tools: [{ agent: 'helper' }] })
    ).id;
  },
  fork: async (product) => {
    const { id, ref } = await begun(product, 'forked', [[{ tool: 'pay' }], ask]);
    await product.client.attention.decide(id, ref, { decision: 'answer', answer: 'yes' });
    await product.ended(id);
    const events = await product.events(id);
    const at = events.find(({ type }) => type === 'model.called')?.seq ?? 0;
    const fork = (await product.client.runs.fork(id, { at: at - 1, message: 'again' })).id;
    for (const decision of [{ decision: 'call' }, { decision: 'answer', answer: 'yes' }] as const) {
      const { attention } = await product.settled(fork);
      await product.client.attention.decide(fork, attention[0]?.ref ?? '', decision);
    }
    return fork;
  },
  cancelled: async (product) => {
    const { id } = await begun(product, 'stopped', [ask]);
    await product.client.runs.cancel(id, { reason: 'enough' });
    return id;
  },
  failed: async (product) => (await begun(product, 'late', [ask], { limits: { deadline: '1s' } })).id,
  unknown: async (product) => {
    const tools = [{ mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '3s' }];
    // Never answers.
    const { id, ref } = await begun(product, 'lost', [[{ tool: 'pay', args: { until: '/nowhere/at/all' } }]], {
      tools,
    });
    await product.client.attention.decide(id, ref, { decision: 'done', content: 'paid', note: 'looked' });
    return id;
  },
  'taken-over': async (product) => {
    const go = join(product.folder, 'go');
    await product.publish(agent('open', [[{ tool: 'note', args: { until: go } }]]));
    const id = await start(product, 'open');
    const before = await product.counter.effects();
    await until('the call', 30_000, async () =>
      (await product.counter.effects()).length > before.length ? true : null,
    );
    await product.killAndReplace(0);
    writeFileSync(go, '');
    return id;
  },
  spoken: async (product) => {
    const { id, ref } = await begun(product, 'listener', [ask]);
    await product.client.runs.send(id, 'and this');
    await product.client.runs.pause(id);
    await product.client.runs.resume(id);
    await product.client.attention.decide(id, ref, { decision: 'answer', answer: 'yes' });
    return id;
  },
  thread: async (product) => {
    const { id: thread } = await product.client.threads.create();
    await product.publish(agent('talker', []));
    await product.ended(await start(product, 'talker', { thread }));
    return start(product, 'talker', { thread });
  },
};

if (process.argv.includes('--fold')) {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.json')))
    await write(name.slice(0, -5), JSON.parse(readFileSync(join(folder, name), 'utf8')) as RecordedRun);
} else {
  const wanted = Object.entries(lives).filter(([name]) => !existsSync(fileOf(name)));
  const product = await Product.start({ postgres: null });
  try {
    const { tenant } = await product.client.server.me();
    const runs = new Map<string, string>();
    for (const [name, live] of wanted) {
      console.log(name);
      const run = await live(product);
      await product.ended(run);
      runs.set(name, run);
    }
    await product.looked(async (stores) => {
      for (const [name, run] of runs) {
        const stored = await stores.runs.load({ tenant, run });
        const version = stored === null ? null : await stores.agents.versionById({ tenant }, stored.versionId);
        if (version === null) throw new Error(`the run ${run} is not there`);
        const events = await stores.runs.eventsAfter({ tenant, run }, 0, 10_000);
        await write(name, { tenant, run, version, events: events.map((event) => nowhere(event, product.folder)) });
      }
    });
  } finally {
    await product.stop();
  }
}

/** Without the machine, after which workers are named, and the folder in which it was recorded. */
const nowhere = (event: StoredEvent, recordedIn: string): StoredEvent => ({
  ...event,
  payload: event.payload.replaceAll(`${hostname()}-`, 'host-').replaceAll(recordedIn, '/recorded'),
});
