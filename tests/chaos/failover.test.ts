import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describePostgres, type PostgresServer, startPostgres, startStandby } from '@holdfast/testing/servers';
import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import { Product, until } from './harness/product.ts';

const tools = [
  { mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '120s' },
  { mcp: 'effects', allow: ['note'], effect: 'idempotent', timeout: '120s' },
];

// One of the two on each version: what differs is Postgres' own, and each takes its time.
describePostgres('the primary dies and its standby is promoted', ({ name, bin }) => {
  if (name === '15') synchronous(bin);
  else asynchronous(bin);
});

function synchronous(bin: string): void {
  it(
    'synchronous: everything goes on where it was, without a restart; no effect is doubled or unknown',
    () =>
      onPair(bin, async ({ primary, standby, product }) => {
        await primary.query("alter system set synchronous_standby_names = '*'", 'select pg_reload_conf()');
        await until('the standby to be synchronous', 20_000, async () => {
          const [row] = await primary.query('select sync_state from pg_stat_replication');
          return row?.['sync_state'] === 'sync' ? true : null;
        });
        const go = join(product.folder, 'go');
        await product.publish(
          agent('steady', [[{ tool: 'pay', args: { until: go } }], [{ tool: 'pay' }], [{ tool: 'note' }]], { tools }),
        );
        const runs = await Promise.all(
          Array.from({ length: 10 }, () => product.client.runs.start({ agent: 'steady', input: 'go' })),
        );
        await until('all first effects', 60_000, async () =>
          (await product.counter.effects()).length === runs.length ? true : null,
        );
        await primary.kill();
        await until('/readyz to say so', 30_000, async () =>
          (await fetch(`${product.url}/readyz`)).status === 503 ? true : null,
        );
        await writeFile(go, '');
        await standby.query('select pg_promote()');
        for (const { id } of runs) {
          expect(await product.ended(id, 90_000)).toBe('succeeded');
          const events = await product.events(id);
          expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
          expect(events.filter(({ type }) => type === 'tool.unknown' || type === 'log.went_back')).toEqual([]);
        }
        expect([...(await product.counter.timesByKey()).values()]).toEqual(Array.from({ length: 30 }, () => 1));
        expect((await fetch(`${product.url}/readyz`)).status).toBe(200);
      }),
    240_000,
  );
}

function asynchronous(bin: string): void {
  it(
    'asynchronous: where acknowledged events are lost, the run stands still, says so and asks',
    () =>
      onPair(bin, async ({ primary, standby, product }) => {
        const [first, second] = [join(product.folder, 'first'), join(product.folder, 'second')];
        const steps = [[{ tool: 'pay', args: { until: first } }], [{ tool: 'pay', args: { until: second } }]];
        await product.publish(agent('unlucky', steps, { tools }));
        const { id } = await product.client.runs.start({ agent: 'unlucky', input: 'go' });
        const paid = (times: number): Promise<true> =>
          until(`${times} payments`, 60_000, async () =>
            (await product.counter.effects()).length === times ? true : null,
          );
        await paid(1);
        await until('the standby to have it', 20_000, async () => {
          const [row] = await primary.query('select sent_lsn = replay_lsn as all from pg_stat_replication');
          return row?.['all'] === true ? true : null;
        });
        // From now on the standby hears nothing.
        await standby.query("alter system set primary_conninfo = ''", 'select pg_reload_conf()');
        await until('the stream to end', 20_000, async () =>
          (await primary.query('select from pg_stat_replication')).length === 0 ? true : null,
        );
        await writeFile(first, '');
        await paid(2);
        await primary.kill();
        await standby.query('select pg_promote()');
        await until('/readyz to be good again', 60_000, async () =>
          (await fetch(`${product.url}/readyz`)).status === 200 ? true : null,
        );
        await writeFile(second, '');
        const { attention } = await product.settled(id, 90_000);
        expect(attention.map(({ kind }) => kind).toSorted()).toEqual(['log-problem', 'unknown-effect']);
        expect((await product.events(id)).map(({ type }) => type)).toContain('log.went_back');
        // The second payment is in no log; nothing was done twice.
        expect([...(await product.counter.timesByKey()).values()]).toEqual([1, 1]);
      }),
    240_000,
  );
}

interface Pair {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  readonly product: Product;
}

/** On a product that knows both servers; all end with it, however far it came. */
async function onPair(bin: string, work: (pair: Pair) => Promise<void>): Promise<void> {
  const primary = await startPostgres({ bin });
  try {
    const standby = await startStandby({ bin, primary });
    try {
      const { username, password } = new URL(primary.url);
      const hosts = [primary, standby].map(({ port }) => `127.0.0.1:${port}`).join(',');
      const postgres = `postgres://${username}:${password}@${hosts}/postgres`;
      const product = await Product.start({ postgres, workers: 1 });
      await work({ primary, standby, product }).finally(() => product.stop());
    } finally {
      await standby.stop();
    }
  } finally {
    await primary.stop();
  }
}
