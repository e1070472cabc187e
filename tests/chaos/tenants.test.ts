import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Holdfast, HoldfastError, type NewTenantResource } from '@holdfast/sdk';
import { expect, it } from 'vitest';
import { platformAdmin, seconds, startIssuer } from '../identity/support/issuer.ts';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product, type ProductOptions, until } from './harness/product.ts';
import { Workflow } from './harness/workflow.ts';
import { onEachSetup, onTemporal, type Setup } from './on-each-setup.ts';
import { seed } from './share.ts';

type Death = readonly [when: string, kill: Omit<KillSpec, 'token'>];

interface World {
  readonly product: Product;
  /** As a platform admin. */
  readonly platform: Holdfast;
  /** Of whom all this is about, beside the product's own. */
  readonly tenant: NewTenantResource;
  readonly theirs: Holdfast;
}

async function inWorld(
  options: Pick<ProductOptions, 'kill'> & Setup,
  test: (world: World) => Promise<void>,
): Promise<void> {
  const issuer = await startIssuer();
  const product = await Product.start({ ...options, environment: { OIDC_ISSUER: issuer.url } });
  try {
    const { url } = product;
    const key = await issuer.sign({ ...platformAdmin, exp: seconds() + 3_600 });
    const platform = new Holdfast({ url, key, validate: true });
    const tenant = await platform.tenants.create({ name: 'theirs', key: true });
    const theirs = new Holdfast({ url, key: tenant.api_key ?? '', validate: true });
    await test({ product, platform, tenant, theirs });
  } finally {
    await product.stop();
    await issuer.close();
  }
}

const publish = (client: Holdfast, spec: object) => client.agents.publish({ json: JSON.stringify(spec) });

type Line = Readonly<Record<string, unknown>> & { readonly type: string };

/** All of a tenant, which nobody else can look into while it is suspended. */
async function exported(platform: Holdfast, id: string): Promise<Line[]> {
  let text = '';
  for await (const piece of platform.tenants.export(id)) text += piece;
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const suspensions: readonly Death[] = [
  ['when it hears of it', { at: 'hearing-of-suspension', step: 1 }],
  ['while it lets go', { at: 'hearing-of-suspension', step: 2 }],
  ['before the append that lets the first run go', { at: 'before-letting-go' }],
  ['in that append', { at: 'in-letting-go' }],
  ['after it', { at: 'after-letting-go' }],
];
const STEPS = 60;

onEachSetup(`a suspension (seed ${seed})`, (fresh, share) => {
  it.each(share(suspensions))(
    'a worker dies %s: all runs are let go, none begins anything, and resumed they go on',
    async (_when, kill) => {
      await inWorld({ ...(await fresh()), kill }, async ({ product, platform, tenant, theirs }) => {
        const note = { tool: 'note', args: { ms: 50 } };
        await publish(theirs, agent('walker', [...Array.from({ length: STEPS }, () => [note]), [{ tool: 'pay' }]]));
        await publish(product.client, agent('payer', [[{ tool: 'pay' }]]));
        const runs = await Promise.all(
          Array.from({ length: 4 }, async () => (await theirs.runs.start({ agent: 'walker', input: 'go' })).id),
        );
        const counted = async () => (await product.counter.effects()).length;
        await until('all to be under way', 60_000, async () => ((await counted()) > 4 * runs.length ? true : null));

        const died = product.died();
        await until('the suspension', 20_000, () => platform.tenants.suspend(tenant.id));
        await died;
        const letGo = async (): Promise<number | null> => {
          const states = (await exported(platform, tenant.id)).filter(({ type }) => type === 'run');
          expect(states).toHaveLength(runs.length);
          return states.every(({ status }) => status === 'waiting') ? counted() : null;
        };
        const before = await until('all to be let go', 60_000, letGo);
        // Others go on meanwhile, and nothing of theirs does.
        const beside = await product.client.runs.start({ agent: 'payer', input: 'go' });
        expect(await product.ended(beside.id)).toBe('succeeded');
        expect(await counted()).toBe(before + 1);
        await expect(theirs.runs.get(runs[0] ?? '')).rejects.toMatchObject({ code: 'tenant_suspended' });

        await platform.tenants.resume(tenant.id);
        for (const run of runs) {
          const status = await until(`run ${run} to end`, 60_000, async () => {
            const { status: found } = await theirs.runs.get(run);
            return ['succeeded', 'failed'].includes(found) ? found : null;
          });
          expect(status).toBe('succeeded');
        }
        const seen = (await exported(platform, tenant.id)).filter(({ type }) => type === 'event');
        const types = seen.map(({ event }) => (event as { readonly type: string }).type);
        expect(types).not.toContain('tool.unknown');
        expect([...(await product.counter.timesByKey('pay')).values()]).toEqual(
          Array.from({ length: runs.length + 1 }, () => 1),
        );
        expect((await product.counter.timesByKey('note')).size).toBe(runs.length * STEPS);
      });
    },
    240_000,
  );
});

const erasures: readonly Death[] = [
  ['before the first step', { at: 'before-erasing', step: 1 }],
  ['in the transaction of the first step', { at: 'in-erasing', step: 1 }],
  ['after the first step, before it was written down that there is more', { at: 'after-erasing', step: 1 }],
  ['before the second step', { at: 'before-erasing', step: 2 }],
  ['in the transaction of the second step', { at: 'in-erasing', step: 2 }],
  ['between rows and files', { at: 'before-tenant-files' }],
  ['in the middle of the files', { at: 'in-tenant-files' }],
  ['between files and the end', { at: 'before-finish' }],
  ['in the transaction of the end', { at: 'in-finish' }],
  ['after the end, before it was written down', { at: 'after-finish' }],
];

const writer = (steps: number) => ({
  name: 'writer',
  tools: [{ builtin: 'artifacts.write' }],
  limits: { steps: 100_000, tokens: 1_000_000_000 },
  rehearsal: [
    { calls: [{ tool: 'artifacts_write', args: { name: 'a.txt', content: 'a' } }], repeat: steps },
    { say: 'written' },
  ],
});
const asker = agent('asker', [[{ tool: 'ask', args: { question: 'Which colour?' } }]]);

/** So many runs that have written, and two that ask; these are returned. */
async function furnish(client: Holdfast, writers: number, steps: number): Promise<string[]> {
  await publish(client, writer(steps));
  await publish(client, asker);
  const start = async (name: string) => (await client.runs.start({ agent: name, input: 'go' })).id;
  const written = await Promise.all(Array.from({ length: writers }, () => start('writer')));
  const asking = [await start('asker'), await start('asker')];
  for (const run of written)
    await until(`run ${run} to end`, 60_000, async () =>
      (await client.runs.get(run)).status === 'succeeded' ? true : null,
    );
  for (const run of asking)
    await until(`run ${run} to ask`, 60_000, async () =>
      (await client.attention.list({ run }).page()).items.length === 1 ? true : null,
    );
  return asking;
}

/** Its answer may be lost with the process that gave it. */
async function erased({ platform, tenant }: World): Promise<void> {
  const gone = (error: unknown): true => {
    if (error instanceof HoldfastError && /^tenant_(not_found|erasing)$/.test(error.code)) return true;
    throw error;
  };
  await until('the deletion', 20_000, () =>
    platform.tenants.delete(tenant.id, { grace: '1ms' }).then(() => true, gone),
  );
  await until('the erasure', 90_000, async () => {
    const { items } = await platform.tenants.list({ name: tenant.name }).page();
    return items.length === 0 ? true : null;
  });
}

onEachSetup(`an erasure (seed ${seed})`, (fresh, share) => {
  it.each(share(erasures))(
    'a worker dies %s: nothing rests, one line proves it, and nobody else is touched',
    async (_when, kill) => {
      const setup = await fresh();
      await inWorld({ ...setup, kill }, async (world) => {
        const { product, platform, tenant, theirs } = world;
        // More than one step erases.
        await furnish(theirs, 4, 80);
        const [asking = ''] = await furnish(product.client, 2, 2);
        const { tenant: own } = await product.client.server.me();
        // Keys are seen, the log grows by each export, and times pass.
        const volatile = ['export', 'api-key', 'audit', 'audit-head', 'end'];
        const all = async () => (await exported(platform, own)).filter(({ type }) => !volatile.includes(type));
        const before = await all();
        expect(before.filter(({ type }) => type === 'file')).not.toEqual([]);
        const files = join(product.folder, 'data', 'artifacts', tenant.id);
        expect(existsSync(files)).toBe(true);

        const died = product.died();
        await Promise.all([erased(world), died]);
        await expect(theirs.server.me()).rejects.toMatchObject({ code: 'unauthenticated' });
        expect(existsSync(files)).toBe(false);
        const lines = (await platform.platformAudit.list({ limit: 200 }).page()).items;
        const proofs = lines.filter(({ operation }) => operation === 'tenants.erase');
        expect(proofs).toMatchObject([{ tenant: tenant.id, detail: { rows: { runs: 6, api_keys: 1, agents: 2 } } }]);
        expect(await platform.platformAudit.verify()).toMatchObject({ state: 'whole' });

        expect(await all()).toEqual(before);
        const open = (await product.client.attention.list({ run: asking }).page()).items[0];
        await product.client.attention.decide(asking, open?.ref ?? '', { decision: 'answer', answer: 'green' });
        expect(await product.ended(asking)).toBe('succeeded');

        expect(await product.looked(({ tenants }) => tenants.rests({ tenant: tenant.id }))).toEqual({});
      });
    },
    240_000,
  );
});

onTemporal('an erasure', (fresh, server) => {
  it('ends the workflows of runs that were under way', async () => {
    await inWorld(await fresh(), async (world) => {
      const asking = await furnish(world.theirs, 1, 1);
      for (const run of asking) expect(await new Workflow(server(), run).status()).toBe('RUNNING');
      await erased(world);
      for (const run of asking)
        await until(`the workflow of ${run} to end`, 30_000, async () =>
          (await new Workflow(server(), run).status()) === 'COMPLETED' ? true : null,
        );
    });
  }, 180_000);
});
