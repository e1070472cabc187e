import { join } from 'node:path';
import { openDatabase } from '@holdfast/adapters/postgres';
import { createTenant } from '@holdfast/core';
import { agent } from '../../chaos/harness/agents.ts';
import { Product, until } from '../../chaos/harness/product.ts';

/** An installation of one process on the embedded database that was killed while much was under way. */
export interface KilledInstallation {
  readonly product: Product;
  /** Of the CLI, and of processes that would be started on it again. */
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** Runs by what they wait for. */
  readonly runs: Readonly<
    Record<'timer' | 'approval' | 'question' | 'parent' | 'queued' | 'crashed' | 'ended', string>
  >;
}

/** Text that trips whoever takes lines or JSON apart by hand. */
export const awkward = 'line\u2028sep\u2029 "quoted" \\u0000 \\ \u{1f511}\r\n\u0085';

export async function killedInstallation(): Promise<KilledInstallation> {
  const product = await Product.start({ postgres: null });
  try {
    return await busy(product);
  } catch (error) {
    await product.stop();
    throw error;
  }
}

async function busy(product: Product): Promise<KilledInstallation> {
  const ask = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const reply = await fetch(`${product.url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${product.key}`,
        'content-type': 'application/json',
        ...(path === '/schedules' ? { 'idempotency-key': 'once' } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };

  const question = [{ tool: 'ask', args: { question: 'Go on?' } }];
  const writes = { tools: [{ builtin: 'artifacts.write' }, { mcp: 'effects', allow: ['pay'], effect: 'once' }] };
  await product.publish(agent('questioner', [[{ tool: 'pay' }], question, [{ tool: 'pay' }]]));
  await product.publish(agent('sleeper', [[{ tool: 'wait', args: { seconds: 10 } }], [{ tool: 'pay' }]]));
  await product.publish(
    agent('payer', [[{ tool: 'pay' }]], {
      tools: [{ mcp: 'effects', allow: ['pay'], effect: 'once', approval: { by: { role: 'operator' } } }],
    }),
  );
  await product.publish(
    agent('boss', [[{ tool: 'questioner', args: { input: 'yours' } }]], { tools: [{ agent: 'questioner' }] }),
  );
  await product.publish(
    agent('writer', [[{ tool: 'artifacts_write', args: { name: 'note.txt', content: '{{input}}' } }]], writes),
  );
  await product.publish(
    agent('lost', [[{ tool: 'pay', args: { until: join(product.folder, 'never') } }]], {
      tools: [{ mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '20m' }],
    }),
  );
  await ask('PUT', '/agents/writer/aliases/prod', { version: 1 });
  await ask('PUT', '/secrets/token', { value: 'sealed value' });
  await ask('PUT', '/budgets/all', { period: 'day', tokens: 1_000_000_000 });
  await ask('PUT', '/tools/weather', {
    type: 'request',
    description: 'x',
    method: 'GET',
    url: 'https://x.test/',
    input_schema: { type: 'object' },
  });
  await ask('POST', '/webhooks', { url: 'https://receiver.test/' });
  await ask('POST', '/schedules', { name: 'yearly', agent: 'writer', cron: '0 0 29 2 *' });
  await ask('POST', '/api-keys', { name: 'viewer', roles: ['viewer'] });
  await ask('PUT', '/retention', { days: 3_650 });

  const start = async (name: string, over: object = {}): Promise<string> =>
    String((await product.client.runs.start({ agent: name, input: 'go', ...over })).id);
  const ended = await start('writer', { input: `${awkward} ${'long '.repeat(20_000)}`, tags: ['a', 'b:c'] });
  await product.ended(ended);
  // What a deleted run had used stays in the sums.
  const deleted = await start('writer');
  await product.ended(deleted);
  await ask('DELETE', `/runs/${deleted}`);
  const approval = await start('payer');
  const asked = await start('questioner');
  const thread = String((await ask('POST', '/threads', {}))['id']);
  const first = await start('questioner', { thread });
  const queued = await start('writer', { thread });
  const parent = await start('boss');
  await ask('POST', '/bulk', { operation: 'cancel', filter: { tag: 'nothing' } });
  for (const run of [approval, asked, first]) await product.settled(run);
  await until('the child asks', 30_000, async () => {
    const { items } = await product.client.attention.list({ kind: 'question' }).page();
    return items.length === 3 ? items : null;
  });
  const crashed = await start('lost');
  await until('its payment', 30_000, async () => ((await product.counter.effects()).length === 4 ? true : null));
  const timer = await start('sleeper');
  await until('it sleeps', 30_000, async () =>
    (await product.events(timer)).some(({ type }) => type === 'wait.began') ? true : null,
  );
  await product.api.kill();

  const url = `pglite://${join(product.folder, 'database')}`;
  const env = { DATABASE_URL: url, DATA_DIR: join(product.folder, 'data') };
  const database = await openDatabase(url, { hints: false });
  await createTenant(await database.owner(), 'second', 7);
  await database.close();
  return { product, env, url, runs: { timer, approval, question: asked, parent, queued, crashed, ended } };
}
