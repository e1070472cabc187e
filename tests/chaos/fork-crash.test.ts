import { randomUUID } from 'node:crypto';
import type { RunResource } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { seed } from './share.ts';

const deaths: readonly (readonly [string, KillSpec['at']])[] = [
  ['after the files of the fork were copied, before its events', 'before-copy'],
  ['after its events were copied, before the commit', 'after-copy'],
  ['after the commit, before the answer', 'after-commit'],
];

onEachSetup(`a fork (seed ${seed})`, (fresh, share) => {
  it.each(share(deaths))(
    'is there once when the API dies %s and the client asks again',
    async (_when, at) => {
      const product = await Product.start({ ...(await fresh()), kill: { at } });
      try {
        const file = { tool: 'artifacts_write', args: { name: 'note.txt', content: 'kept' } };
        await product.publish(
          agent('payer', [[{ tool: 'pay' }, file]], {
            tools: [{ mcp: 'effects', allow: ['pay'], effect: 'once' }, { builtin: 'artifacts.write' }],
          }),
        );
        const source = await product.client.runs.start({ agent: 'payer', input: 'go' });
        expect(await product.ended(source.id)).toBe('succeeded');
        const log = await product.events(source.id);
        const last = log.findLast(({ type }) => type === 'tool.returned')?.seq ?? 0;

        const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
        const fork = () =>
          fetch(`${product.url}/v1/runs/${source.id}/fork`, {
            method: 'POST',
            headers: { ...headers, authorization: `Bearer ${product.key}` },
            body: JSON.stringify({ at: last }),
          });
        await expect(fork()).rejects.toThrow('fetch failed');
        await product.apiDied();
        const [answer, again] = [await fork(), await fork()];
        expect([answer.status, again.status]).toEqual([201, 201]);
        // What was committed is answered again; what was not is done now.
        expect(answer.headers.get('idempotent-replayed')).toBe(at === 'after-commit' ? 'true' : null);
        const { id } = (await answer.json()) as RunResource;
        expect(await again.json()).toMatchObject({ id });

        expect(await product.ended(id)).toBe('succeeded');
        const runs: string[] = [];
        for await (const run of product.client.runs.list()) runs.push(run.id);
        expect(runs.toSorted()).toEqual([source.id, id].toSorted());
        const copy = await product.events(id);
        expect(copy.map(({ seq }) => seq)).toEqual(copy.map((_, index) => index + 1));
        expect(copy.slice(0, last).map(({ data }) => data)).toEqual(log.slice(0, last).map(({ data }) => data));
        expect(copy.filter(({ type }) => type === 'run.forked')).toHaveLength(1);
        expect(await product.events(source.id)).toEqual(log);
        const { items } = await product.client.artifacts.list(id);
        expect(items).toMatchObject([{ name: 'note.txt' }]);
        expect(new TextDecoder().decode(await product.client.artifacts.get(id, items[0]?.digest ?? ''))).toBe('kept');
        expect([...(await product.counter.timesByKey('pay')).values()]).toEqual([1]);
      } finally {
        await product.stop();
      }
    },
    120_000,
  );
});
