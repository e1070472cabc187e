import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, openDatabase } from '@holdfast/adapters/postgres';
import { Holdfast } from '@holdfast/sdk';
import { database, freePort, type PostgresServer, postgresVersions, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent } from '../chaos/harness/agents.ts';
import { Child } from '../chaos/harness/child.ts';
import { Counter } from '../chaos/harness/counter.ts';
import { holderIn } from '../chaos/harness/holder.ts';
import { ended, until } from '../chaos/harness/product.ts';
import { readLog } from '../chaos/harness/read-log.ts';
import { start } from '../e2e/support/program.ts';
import { asked } from '../moving/support/asked.ts';
import { checkOut, hasPreviousRelease, type PreviousRelease } from './support/previous-release.ts';

/** As the next release may bring it: what is there keeps its meaning. */
const further = `
  alter table holdfast.runs add column later text;
  alter table holdfast.run_events add column later integer default 7;
  create table holdfast.later (tenant_id uuid not null, id uuid primary key);
  insert into holdfast.migrations (name, hash) values ('0999_later.sql', 'x')`;

describe.skipIf(postgresVersions().length === 0 || !hasPreviousRelease())('a release and the one before it', () => {
  let postgres: PostgresServer;
  let previous: PreviousRelease;
  let counter: Counter;
  let folder: string;
  const children: Child[] = [];

  beforeAll(async () => {
    const newest = postgresVersions().at(-1);
    if (newest === undefined) throw new Error('there is no Postgres');
    postgres = await startPostgres({ bin: newest.bin });
    previous = checkOut();
    folder = await mkdtemp(join(tmpdir(), 'holdfast-releases-'));
    counter = await Counter.start(join(folder, 'effects'));
    const effects = fileURLToPath(new URL('../chaos/harness/effect-server.mjs', import.meta.url));
    await writeFile(
      join(folder, 'tools.json'),
      JSON.stringify({ servers: { effects: { command: process.execPath, args: [effects, counter.url] } } }),
    );
  }, 300_000);
  afterAll(async () => {
    for (const child of children) await child.kill();
    counter.stop();
    await postgres.stop();
    previous.remove();
    await rm(folder, { recursive: true, force: true });
  });

  test('run side by side on the new tables; each takes over what the other had', async () => {
    const { url } = await database(postgres);
    const env = {
      DATABASE_URL: url,
      DATA_DIR: join(folder, 'data'),
      TOOL_SERVERS_FILE: join(folder, 'tools.json'),
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'error',
    };
    const child = async (
      role: 'api' | 'worker',
      more: Record<string, string> = {},
      from?: string,
    ): Promise<{ child: Child; client: Holdfast; url: string }> => {
      const port = String(await freePort());
      const at = `http://127.0.0.1:${port}`;
      const started = await Child.start(role, { ...env, PORT: port, ...more }, from);
      children.push(started);
      key = started.ready['key'] ?? key;
      return { child: started, client: new Holdfast({ url: at, key }), url: at };
    };
    let key = '';

    // All of the old one, and then the migrations of the new one under it.
    const oldApi = await child('api', { CHAOS_SET_UP: '1' }, previous.folder);
    const oldWorker = await child('worker', {}, previous.folder);
    const steps = [[{ tool: 'pay' }], [{ tool: 'ask', args: { question: 'Go on?' } }], [{ tool: 'pay' }]];
    await oldApi.client.agents.publish({ json: JSON.stringify(agent('payer', steps)) });
    const begun = await Promise.all(
      Array.from({ length: 5 }, async () => (await oldApi.client.runs.start({ agent: 'payer', input: 'old' })).id),
    );
    const opened = await openDatabase(url, { hints: false });
    await migrate(opened);
    await opened.close();
    await asked(url, further);

    const newApi = await child('api');
    const newWorker = await child('worker');
    const answerAll = async (by: Holdfast): Promise<void> => {
      const { items } = await by.attention.list({ kind: 'question' }).page();
      for (const { run_id: run, ref } of items)
        await by.attention.decide(run, ref, { decision: 'answer', answer: 'yes' });
    };
    const finished = async (runs: readonly string[], by: Holdfast): Promise<void> => {
      await until('the runs to end', 90_000, async () => {
        await answerAll(by);
        const states = await Promise.all(runs.map(async (run) => (await by.runs.get(run)).status));
        return states.every((status) => ended.has(status)) ? true : null;
      });
      for (const run of runs) expect((await by.runs.get(run)).status).toBe('succeeded');
    };
    // Begun by the old one, answered through the new one, and the other way round.
    await finished(begun, newApi.client);
    const later = await Promise.all(
      Array.from({ length: 5 }, async () => (await newApi.client.runs.start({ agent: 'payer', input: 'new' })).id),
    );
    await finished(later, oldApi.client);

    const stuck = async (by: Holdfast): Promise<string> => {
      await by.agents.publish({
        json: JSON.stringify(
          agent('noter', [[{ tool: 'note', args: { ms: 2_000 } }], [{ tool: 'pay' }]], { limits: { steps: 100 } }),
        ),
      });
      return (await by.runs.start({ agent: 'noter', input: 'x' })).id;
    };
    // Whoever has it dies; the other one goes on.
    let payments = 20;
    for (const [dies, lives] of [
      [oldWorker, newApi],
      [newWorker, oldApi],
    ] as const) {
      const { worker } = dies.child.ready;
      const runs: string[] = [];
      const held = await until('it to hold a run', 60_000, async () => {
        runs.push(await stuck(lives.client));
        for (const run of runs) {
          const log = await readLog(lives.url, key, run);
          const isNoting =
            log.at(-1)?.type === 'tool.called' && log.filter(({ type }) => type === 'tool.called').length === 1;
          // In that call, which may be made again; nobody would know of a payment.
          if (holderIn(log) === worker && isNoting) return run;
        }
        return null;
      });
      await dies.child.kill();
      await finished(runs, lives.client);
      expect(holderIn(await readLog(lives.url, key, held))).not.toBe(worker);
      expect((await readLog(lives.url, key, held)).map(({ type }) => type)).toContain('run.taken_over');
      payments += runs.length;
      if (dies === oldWorker) await child('worker', {}, previous.folder);
    }
    const times = [...(await counter.timesByKey('pay')).values()];
    expect(times).toHaveLength(payments);
    expect(new Set(times)).toEqual(new Set([1]));
    // Nothing was written that the new one cannot read, and no log has a gap.
    const wrong = await asked(
      url,
      `select r.id from holdfast.runs r where r.head <> (select count(*) from holdfast.run_events e where e.run_id = r.id)
        or exists (select from holdfast.attention a where a.run_id = r.id)`,
    );
    expect(wrong).toEqual([]);
  }, 300_000);

  test('a program that starts before its tables are there says so, and ends', async () => {
    const { url } = await database(postgres);
    const opened = await openDatabase(url, { hints: false });
    await migrate(opened);
    await opened.close();
    await asked(url, "delete from holdfast.migrations where name = '0025_moving.sql'");
    for (const app of ['api', 'worker']) {
      const early = start(`apps/${app}/src/main.ts`, [], { DATABASE_URL: url, DATA_DIR: join(folder, 'early') });
      expect(await early.ended).toBe(1);
      expect(early.errors()).toContain('lacks the migrations 0025_moving.sql');
    }
  }, 120_000);
});
