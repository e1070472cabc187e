import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describePostgres, describeTemporal, startPostgres } from '@holdfast/testing/servers';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import { Product, until } from './harness/product.ts';
import { newestPostgres } from './on-each-setup.ts';

describePostgres('the database is gone', ({ bin }) => {
  keepsResults(
    () => bin,
    () => null,
  );
});

describeTemporal('the database is gone, Temporal is not', (temporal) => {
  keepsResults(newestPostgres, () => temporal().address);
});

function keepsResults(bin: () => string, temporal: () => string | null): void {
  it('results are kept and appended when it is back; no effect is doubled or falsely unknown; /readyz says so', async () => {
    const server = await startPostgres({ bin: bin() });
    const product = await Product.start({ postgres: server.url, temporal: temporal() });
    try {
      const go = join(product.folder, 'go');
      await product.publish(
        agent('steady', [[{ tool: 'pay', args: { until: go } }], [{ tool: 'pay' }], [{ tool: 'note' }]], {
          tools: [
            { mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '30s' },
            { mcp: 'effects', allow: ['note'], effect: 'idempotent', timeout: '30s' },
          ],
        }),
      );
      const runs = await Promise.all(
        Array.from({ length: 10 }, () => product.client.runs.start({ agent: 'steady', input: 'go' })),
      );
      await until('all first effects', 30_000, async () =>
        (await product.counter.effects()).length === runs.length ? true : null,
      );

      await server.kill();
      await until('/readyz to say so', 20_000, async () =>
        (await fetch(`${product.url}/readyz`)).status === 503 ? true : null,
      );
      await writeFile(go, '');
      // The tools answer now, with no database to write to; the next effects must not begin.
      await until('the tools to have answered', 20_000, async () =>
        (await readdir(product.folder)).filter((file) => file.endsWith('.answered')).length === runs.length
          ? true
          : null,
      );
      expect(await product.counter.effects()).toHaveLength(runs.length);
      await server.restart();

      for (const { id } of runs) {
        expect(await product.ended(id, 90_000)).toBe('succeeded');
        const events = await product.events(id);
        expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
        expect(events.filter((event) => event.type === 'tool.unknown')).toEqual([]);
      }
      const times = [...(await product.counter.timesByKey('pay')).values()];
      expect(times).toEqual(Array.from({ length: 2 * runs.length }, () => 1));
      expect((await fetch(`${product.url}/readyz`)).status).toBe(200);
    } finally {
      await product.stop();
      await server.stop();
    }
  }, 240_000);
}
