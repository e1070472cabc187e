import type { AttentionResource, DecideBody } from '@holdfast/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Product, until } from '../chaos/harness/product.ts';
import { httpEffects, type HttpEffects } from './support/http-effects.ts';

let server: HttpEffects;
let product: Product;

/** An agent whose one call goes to the described request `name`. */
const agent = (name: string, effect: 'once' | 'idempotent'): object => ({
  name,
  tools: [{ http: name, effect, timeout: '2s' }],
  retries: { attempts: 5, first: '50ms', max: '200ms', timeout: '30s' },
  rehearsal: [{ calls: [{ tool: name, args: { amount: 5 } }] }, { say: 'The tool said: {{last}}' }],
});

async function publish(name: string, effect: 'once' | 'idempotent'): Promise<void> {
  const reply = await fetch(`${product.url}/v1/tools/${name}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'request',
      description: 'Pays.',
      method: 'POST',
      url: `${server.url}/${name}`,
      input_schema: { type: 'object', properties: { amount: { type: 'number' } } },
    }),
  });
  expect(reply.status).toBe(200);
  await product.publish(agent(name, effect));
}

beforeAll(async () => {
  server = await httpEffects();
  product = await Product.start({ postgres: null, environment: { OUTBOUND_ALLOW: `127.0.0.1:${server.port}` } });
  await publish('pay', 'once');
  await publish('note', 'idempotent');
});
afterAll(async () => {
  await product.stop();
  await server.close();
});
beforeEach(() => void server.effects.splice(0));

const start = async (name: string): Promise<string> =>
  (await product.client.runs.start({ agent: name, input: 'go' })).id;

const heard = (count: number): Promise<true> =>
  until(`${count} requests`, 20_000, () => Promise.resolve(server.effects.length >= count ? true : null));

/** The one thing that needs a person: an effect that nobody knows. */
async function unknown(run: string): Promise<AttentionResource> {
  const { attention } = await product.settled(run);
  expect(attention.map(({ kind }) => kind)).toEqual(['unknown-effect']);
  const [item] = attention;
  if (item === undefined) throw new Error('nothing needs a person');
  return item;
}

/** A retry is taken only when the lost call cannot be under way any more. */
const decide = (run: string, item: AttentionResource, body: DecideBody): Promise<true> =>
  until(`the decision ${body.decision}`, 20_000, async () => {
    await product.client.attention.decide(run, item.ref, body);
    return true as const;
  });

async function answerOf(run: string): Promise<string> {
  expect(await product.ended(run)).toBe('succeeded');
  return JSON.stringify((await product.client.runs.get(run)).output);
}

/** What a person decides; what the model is told, and how often the server was asked with the one key. */
const decisions: readonly [DecideBody, RegExp, number][] = [
  [{ decision: 'done', content: 'paid, I looked' }, /paid, I looked/, 1],
  [{ decision: 'retry' }, /done \/pay/, 2],
  [{ decision: 'fail' }, /The tool said/, 1],
];

async function eachDecision(runs: readonly string[]): Promise<void> {
  for (const [index, [body, told, times]] of decisions.entries()) {
    const run = runs[index] ?? '';
    const item = await unknown(run);
    const key = (await product.events(run)).find(({ type }) => type === 'tool.called')?.data['key'];
    await decide(run, item, body);
    expect(await answerOf(run)).toMatch(told);
    expect(server.effects.filter((effect) => effect.key === key)).toHaveLength(times);
  }
}

describe('a `once` call over HTTP', () => {
  it('that is cut off by SIGKILL is unknown, and each decision works', async () => {
    // The first request of each run is heard and never answered: the effect may have taken place.
    server.answer = (response, { path }, number) => (number === 1 ? undefined : response.end(`done ${path}`));
    const runs = await Promise.all(decisions.map(() => start('pay')));
    await heard(3);
    await product.killAndReplace(0);
    await eachDecision(runs);
  });

  it('that a gateway answers with 504 is unknown without any crash, and each decision works', async () => {
    server.answer = (response, { path }, number) =>
      number === 1 ? response.writeHead(504).end() : response.end(`done ${path}`);
    const runs = await Promise.all(decisions.map(() => start('pay')));
    await eachDecision(runs);
    expect(server.effects).toHaveLength(4);
  });
});

describe('an `idempotent` call over HTTP', () => {
  it('that is cut off by SIGKILL is made again with the same key', async () => {
    server.answer = (response, { path }, number) => (number === 1 ? undefined : response.end(`done ${path}`));
    const run = await start('note');
    await heard(1);
    await product.killAndReplace(0);
    expect(await answerOf(run)).toContain('done /note');
    expect(server.effects.map(({ attempt }) => attempt)).toEqual(['1', '2']);
    expect(new Set(server.effects.map(({ key }) => key)).size).toBe(1);
  });

  it('that is answered with 504 or not at all is made again with the same key', async () => {
    server.answer = (response, { path }, number) => {
      if (number === 1) response.writeHead(504).end();
      else if (number === 2) response.destroy();
      else response.end(`done ${path}`);
    };
    expect(await answerOf(await start('note'))).toContain('done /note');
    expect(server.effects.map(({ attempt }) => attempt)).toEqual(['1', '2', '3']);
    expect(new Set(server.effects.map(({ key }) => key)).size).toBe(1);
  });
});
