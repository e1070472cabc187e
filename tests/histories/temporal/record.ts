import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { database, installedProgram, postgresVersions, startPostgres, startTemporal } from '@holdfast/testing/servers';
import { agent } from '../../chaos/harness/agents.ts';
import { Product, until } from '../../chaos/harness/product.ts';
import { Workflow } from '../../chaos/harness/workflow.ts';

// Runs the product on a Temporal server and writes the histories that are not here yet; README.md says when.
const bin = installedProgram('temporal');
const newest = postgresVersions().at(-1);
if (bin === undefined || newest === undefined) throw new Error('bash scripts/servers.sh install');
const temporal = await startTemporal(bin);
const postgres = await startPostgres({ bin: newest.bin });

/** Each starts a run, does to it what its name says, and returns its id when it has ended or is about to. */
const lives: Readonly<Record<string, (product: Product) => Promise<string>>> = {
  'quick-end': async (product) => {
    await product.publish(agent('quick', [[{ tool: 'note' }]]));
    return (await product.client.runs.start({ agent: 'quick', input: 'go' })).id;
  },
  'timer-and-approval': async (product) => {
    const note = { mcp: 'effects', allow: ['note'], effect: 'idempotent', approval: { expires: '1h' } };
    const steps = [[{ tool: 'wait', args: { seconds: 3 } }], [{ tool: 'note' }]];
    await product.publish(agent('careful', steps, { tools: [note, { builtin: 'wait' }] }));
    const { id } = await product.client.runs.start({ agent: 'careful', input: 'go' });
    const { attention } = await product.settled(id);
    await product.client.attention.decide(id, attention[0]?.ref ?? '', { decision: 'approve' });
    return id;
  },
  'death-of-a-worker': async (product) => {
    const go = join(product.folder, 'go');
    await product.publish(agent('open', [[{ tool: 'note', args: { until: go } }]]));
    const { id } = await product.client.runs.start({ agent: 'open', input: 'go' });
    await until('the call', 30_000, async () => ((await product.counter.effects()).length === 1 ? true : null));
    const [holder] = product.workers;
    await product.startWorker();
    await holder?.kill();
    writeFileSync(go, '');
    return id;
  },
  cancelled: async (product) => {
    await product.publish(agent('asker', [[{ tool: 'ask', args: { question: 'Well?' } }]]));
    const { id } = await product.client.runs.start({ agent: 'asker', input: 'go' });
    await product.settled(id);
    await new Workflow(temporal, id).cancel();
    return id;
  },
};

try {
  for (const [name, live] of Object.entries(lives)) {
    const file = join(import.meta.dirname, `${name}.json`);
    if (existsSync(file)) continue;
    const made = await database(postgres);
    const product = await Product.start({ postgres: made.url, temporal: temporal.address, workers: 1 });
    try {
      const run = await live(product);
      await product.ended(run);
      const workflow = new Workflow(temporal, run);
      await until('its workflow to end', 30_000, async () => ((await workflow.status()) === 'COMPLETED' ? true : null));
      writeFileSync(file, withoutHost(await workflow.history()));
    } finally {
      await product.stop();
      await made.drop();
    }
  }
} finally {
  await temporal.stop();
  await postgres.stop();
}

/** Only where a name may stand: it could be a part of a payload, too. */
function withoutHost(history: string): string {
  return history.replaceAll(/"identity": *"[^"]*"/g, (identity) => identity.replace(hostname(), 'host'));
}
