import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@holdfast/testing/servers';
import type { WireEvent } from '@holdfast/sdk';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import { Product, type ProductOptions, until } from './harness/product.ts';
import { tcpFront } from './harness/tcp-front.ts';
import { Workflow } from './harness/workflow.ts';
import { onTemporal } from './on-each-setup.ts';

const ofType = (events: readonly WireEvent[], type: string): readonly WireEvent['data'][] =>
  events.filter((event) => event.type === type).map(({ data }) => data);

const question = { tool: 'ask', args: { question: 'Which colour?' } };

/** No timeout of a tool ends a call that a test holds open. */
const patient = {
  tools: [
    { mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '60s' },
    { mcp: 'effects', allow: ['note'], effect: 'idempotent', timeout: '60s' },
    { builtin: 'wait' },
    { builtin: 'ask' },
  ],
};

/** Answers what the run asks now. */
async function answer(product: Product, run: string): Promise<void> {
  const { attention } = await product.settled(run);
  expect(attention.map(({ kind }) => kind)).toEqual(['question']);
  await product.client.attention.decide(run, attention[0]?.ref ?? '', { decision: 'answer', answer: 'green' });
}

onTemporal('what only Temporal does', (fresh, server) => {
  const withProduct = async (
    options: Omit<ProductOptions, 'postgres' | 'temporal'>,
    test: (product: Product) => Promise<void>,
  ): Promise<void> => {
    const product = await Product.start({ ...(await fresh()), workers: 1, ...options });
    try {
      await test(product);
    } finally {
      await product.stop();
    }
  };
  const reaches = (run: string, status: string): Promise<true> =>
    until(`the workflow of ${run} to be ${status}`, 30_000, async () =>
      (await new Workflow(server(), run).status()) === status ? true : null,
    );

  it('Temporal is killed while runs are under way: all end, and each `once` call is made once', async () => {
    await withProduct({ workers: 2 }, async (product) => {
      const go = join(product.folder, 'go');
      // The timers need Temporal once more.
      const steps = [
        [{ tool: 'pay', args: { until: go } }],
        [{ tool: 'wait', args: { seconds: 1 } }],
        [{ tool: 'pay' }, { tool: 'note' }],
      ];
      await product.publish(agent('steady', steps, patient));
      const runs = await Promise.all(
        Array.from({ length: 10 }, () => product.client.runs.start({ agent: 'steady', input: 'go' })),
      );
      await until('all first effects', 60_000, async () =>
        (await product.counter.effects()).length === runs.length ? true : null,
      );
      await server().kill();
      await writeFile(go, '');
      try {
        // What the workers hold goes on without Temporal, as far as its timer.
        for (const { id } of runs)
          await until(`run ${id} to wait`, 30_000, async () =>
            ofType(await product.events(id), 'wait.began').length === 1 ? true : null,
          );
      } finally {
        await server().start();
      }
      for (const { id } of runs) {
        expect(await product.ended(id, 90_000)).toBe('succeeded');
        const events = await product.events(id);
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
        expect(ofType(events, 'tool.unknown')).toEqual([]);
        expect(ofType(events, 'engine.lost')).toEqual([]);
        await reaches(id, 'COMPLETED');
      }
      const times = [...(await product.counter.timesByKey('pay')).values()];
      expect(times).toEqual(Array.from({ length: 2 * runs.length }, () => 1));
    });
  }, 240_000);

  it('Temporal is down: runs are accepted and say why they wait; a worker that starts then carries them', async () => {
    await withProduct({}, async (product) => {
      await product.publish(agent('payer', [[{ tool: 'pay' }]]));
      await server().kill();
      const runs: string[] = [];
      try {
        for (let count = 0; count < 5; count += 1) {
          const reply = await fetch(`${product.url}/v1/runs`, {
            method: 'POST',
            headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' },
            body: JSON.stringify({ agent: 'payer', input: 'go' }),
          });
          expect(reply.status).toBe(201);
          runs.push(((await reply.json()) as { id: string }).id);
        }
        const waiting = { status: 'queued', waiting_for: [{ reason: 'capacity', because: 'engine_unavailable' }] };
        const saysWhy = (run: string): Promise<void> =>
          expect.poll(() => product.client.runs.get(run).catch(() => null), { timeout: 30_000 }).toMatchObject(waiting);
        for (const run of runs) await saysWhy(run);
        // Only a worker that has never seen Temporal is left.
        await product.killAndReplace(0);
        for (const run of runs) await saysWhy(run);
        expect(await product.counter.effects()).toEqual([]);
      } finally {
        await server().start();
      }
      for (const run of runs) {
        expect(await product.ended(run, 90_000)).toBe('succeeded');
        await reaches(run, 'COMPLETED');
      }
      expect([...(await product.counter.timesByKey('pay')).values()]).toEqual(runs.map(() => 1));
    });
  }, 240_000);

  it('a workflow is terminated while its run is active: it goes on in a new one, and no `once` call is lost', async () => {
    await withProduct({}, async (product) => {
      const go = join(product.folder, 'go');
      const both = [
        { tool: 'pay', args: { until: go } },
        { tool: 'note', args: { until: go } },
      ];
      await product.publish(agent('both', [both, [{ tool: 'pay' }]], patient));
      const { id } = await product.client.runs.start({ agent: 'both', input: 'go' });
      await until('both calls', 30_000, async () => ((await product.counter.effects()).length === 2 ? true : null));
      await new Workflow(server(), id).terminate();
      // That the worker has heard of it shows in the call that may be aborted.
      await until('a call to be aborted', 30_000, async () =>
        ofType(await product.events(id), 'tool.failed').length > 0 ? true : null,
      );
      await writeFile(go, '');
      expect(await product.ended(id)).toBe('succeeded');
      const events = await product.events(id);
      expect(ofType(events, 'engine.lost')).toMatchObject([{ how: 'terminated', restarted: true }]);
      expect(ofType(events, 'tool.unknown')).toEqual([]);
      expect([...(await product.counter.timesByKey('pay')).values()]).toEqual([1, 1]);
      await reaches(id, 'COMPLETED');
    });
  }, 120_000);

  it('a workflow is terminated while its run waits: the first time it goes on, the second time it asks', async () => {
    await withProduct({}, async (product) => {
      await product.publish(agent('asker', [[question], [question], [{ tool: 'pay' }]]));
      const { id } = await product.client.runs.start({ agent: 'asker', input: 'go' });
      const workflow = new Workflow(server(), id);
      await product.settled(id);
      await workflow.terminate();
      await answer(product, id);
      await until('the second question', 60_000, async () =>
        ofType(await product.events(id), 'question.asked').length === 2 ? true : null,
      );
      expect(ofType(await product.events(id), 'engine.lost')).toMatchObject([{ how: 'terminated', restarted: true }]);
      expect(await workflow.status()).toBe('RUNNING');

      await workflow.terminate();
      await answer(product, id);
      const problem = await until('a person to be asked', 60_000, async () => {
        const { items } = await product.client.attention.list({ run: id }).page();
        return items.find(({ kind }) => kind === 'engine-problem') ?? null;
      });
      expect(problem.detail).toMatchObject({ how: 'terminated' });
      expect(await product.client.runs.get(id)).toMatchObject({ status: 'waiting' });
      expect(await product.counter.effects()).toEqual([]);
      await product.client.attention.decide(id, problem.ref, { decision: 'retry' });
      expect(await product.ended(id)).toBe('succeeded');
      const events = await product.events(id);
      expect(ofType(events, 'engine.lost')).toMatchObject([{ restarted: true }, { restarted: false }]);
      expect(ofType(events, 'engine.resumed')).toHaveLength(1);
      expect([...(await product.counter.timesByKey('pay')).values()]).toEqual([1]);
      await reaches(id, 'COMPLETED');
    });
  }, 120_000);

  it('a workflow is cancelled: so is its run, active or waiting', async () => {
    await withProduct({}, async (product) => {
      const never = join(product.folder, 'never');
      await product.publish(agent('active', [[{ tool: 'note', args: { until: never } }]], patient));
      await product.publish(agent('waiting', [[question]]));
      const active = await product.client.runs.start({ agent: 'active', input: 'go' });
      const waiting = await product.client.runs.start({ agent: 'waiting', input: 'go' });
      await until('the call', 30_000, async () => ((await product.counter.effects()).length === 1 ? true : null));
      await product.settled(waiting.id);
      for (const { id } of [active, waiting]) {
        await new Workflow(server(), id).cancel();
        expect(await product.ended(id)).toBe('cancelled');
        const asked = ofType(await product.events(id), 'run.cancel_requested');
        expect(asked).toMatchObject([{ by: { type: 'system', id: 'temporal' } }]);
        await reaches(id, 'COMPLETED');
      }
    });
  }, 120_000);

  it('a run that a person ends closes its workflow', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hf-models-'));
    const models = { gone: { base_url: `http://127.0.0.1:${await freePort()}/v1`, model: 'm' } };
    await writeFile(join(folder, 'models.json'), JSON.stringify({ models }));
    await withProduct({ environment: { MODELS_FILE: join(folder, 'models.json') } }, async (product) => {
      await product.publish(
        agent('hopeless', [], { model: { name: 'gone' }, retries: { attempts: 1 }, rehearsal: undefined }),
      );
      const { id } = await product.client.runs.start({ agent: 'hopeless', input: 'go' });
      const { attention } = await product.settled(id);
      expect(attention.map(({ kind }) => kind)).toEqual(['attempts-exhausted']);
      await reaches(id, 'RUNNING');
      await product.client.attention.decide(id, attention[0]?.ref ?? '', { decision: 'fail' });
      expect(await product.ended(id)).toBe('failed');
      await reaches(id, 'COMPLETED');
      expect(ofType(await product.events(id), 'engine.lost')).toEqual([]);
    });
    await rm(folder, { recursive: true });
  }, 120_000);

  it('Temporal is told ids and fixed words: no prompt, no secret, no error of a tool', async () => {
    const prompt = 'tell-nobody-of-this-prompt';
    const secret = 'sk-live-4f9aK2xQ7vZt';
    const complaint = 'tell-nobody-of-this-error';
    const seen: unknown[] = [];
    const crm = createServer((request, response) => {
      seen.push(request.headers['x-secret']);
      response.writeHead(400, { 'content-type': 'text/plain' }).end(complaint);
    });
    const port = await freePort();
    await new Promise<void>((resolve) => crm.listen(port, '127.0.0.1', resolve));
    try {
      await withProduct({ environment: { OUTBOUND_ALLOW: '127.0.0.1' } }, async (product) => {
        await product.client.secrets.set('crm', secret);
        await product.client.tools.set('crm', {
          type: 'request',
          description: 'Complains.',
          method: 'GET',
          url: `http://127.0.0.1:${port}/`,
          headers: { 'x-secret': 'secret://crm' },
          input_schema: { type: 'object' },
        });
        await product.publish(
          agent('telling', [[{ tool: 'crm' }], [question]], {
            tools: [{ http: 'crm', effect: 'idempotent', attempts: 1 }, { builtin: 'ask' }],
          }),
        );
        const input = `${prompt} `.repeat(Math.ceil(100_000 / prompt.length));
        const { id } = await product.client.runs.start({ agent: 'telling', input });
        await answer(product, id);
        expect(await product.ended(id)).toBe('succeeded');
        expect(seen).toEqual([secret]);
        const log = JSON.stringify(await product.events(id));
        for (const text of [prompt, complaint]) expect(log).toContain(text);

        const workflow = new Workflow(server(), id);
        await reaches(id, 'COMPLETED');
        const told = [await workflow.history(), await workflow.describe()].flatMap((json) => [json, ...payloads(json)]);
        // Payloads are read indeed: the activity's argument, and its result.
        expect(told).toContainEqual(expect.stringMatching(new RegExp(`^{"tenant":"[^"]+","run":"${id}"}$`)));
        expect(told).toContainEqual(expect.stringMatching(/^{"seq":\d+,"agent":"telling","version":1,/));
        for (const text of [prompt, secret, complaint, question.args.question])
          for (const each of told) expect(each).not.toContain(text);
      });
    } finally {
      crm.close();
      crm.closeAllConnections();
    }
  }, 120_000);

  it('the way between a worker and Temporal is cut: it keeps what it holds, and nothing is doubled', async () => {
    const front = await tcpFront(server().address);
    try {
      await withProduct({}, async (product) => {
        const go = join(product.folder, 'go');
        const cut = await product.startWorker({ TEMPORAL_ADDRESS: front.address });
        const [other] = product.workers;
        other?.signal('SIGSTOP');
        await product.publish(agent('held', [[{ tool: 'pay', args: { until: go } }], [{ tool: 'pay' }]], patient));
        const { id } = await product.client.runs.start({ agent: 'held', input: 'go' });
        await until('the call', 60_000, async () => ((await product.counter.effects()).length === 1 ? true : null));
        front.cut();
        other?.signal('SIGCONT');
        // Temporal misses the heartbeats and gives the run to the other worker, which may not have it.
        const workflow = new Workflow(server(), id);
        await until('another attempt', 60_000, async () => ((await workflow.attempts()) > 2 ? true : null));
        await writeFile(go, '');
        expect(await product.ended(id)).toBe('succeeded');
        const events = await product.events(id);
        expect(ofType(events, 'run.taken_over')).toEqual([]);
        expect(ofType(events, 'run.claimed').map(({ worker }) => worker)).toEqual([cut.ready['worker']]);
        expect(Math.max(...(await product.counter.timesByKey('pay')).values())).toBe(1);
        front.heal();
      });
    } finally {
      front.close();
    }
  }, 240_000);
});

/** Every payload in what Temporal's command line printed, decoded. */
const payloads = (json: string): string[] =>
  [...json.matchAll(/"data": ?"([A-Za-z0-9+/=]*)"/g)].map(([, data = '']) => Buffer.from(data, 'base64').toString());
