import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import { migrate, openDatabase } from '@holdfast/adapters/postgres';
import { S3ArtifactStore } from '@holdfast/adapters/s3';
import { parseEnv } from '@holdfast/contracts';
import { Holdfast } from '@holdfast/sdk';
import {
  database,
  describePostgres,
  describeSeaweedFs,
  freePort,
  type PostgresServer,
  postgresVersions,
  startPostgres,
} from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Child } from '../chaos/harness/child.ts';
import { ended, until } from '../chaos/harness/product.ts';
import { start } from '../e2e/support/program.ts';
import { ranCli } from '../e2e/support/run-cli.ts';
import { asked } from './support/asked.ts';
import { type Contents, contentsOf } from './support/contents.ts';
import { awkward, type KilledInstallation, killedInstallation } from './support/installation.ts';

// Each opens embedded databases and starts programs.
vi.setConfig({ testTimeout: 180_000 });

/** With nothing but this environment. */
const holdfast = (args: readonly string[], env: Readonly<Record<string, string>>) => ranCli(args, { env });

const stored = (env: Readonly<Record<string, string>>): FileArtifactStore =>
  new FileArtifactStore(join(env['DATA_DIR'] ?? '', 'artifacts'));

const linesOf = async (path: string): Promise<readonly string[]> =>
  (await readFile(path, 'utf8')).trimEnd().split('\n').toSorted();

async function migrated(url: string): Promise<void> {
  const opened = await openDatabase(url, { hints: false });
  await migrate(opened);
  await opened.close();
}

describePostgres('moving an installation from the embedded database', ({ bin, name: version }) => {
  // What has little to do with the version of Postgres, and takes its time.
  const onNewest = (tests: () => void): void => {
    if (version === postgresVersions().at(-1)?.name) tests();
  };
  let postgres: PostgresServer;
  let source: KilledInstallation;
  let before: Contents;
  let folder: string;
  let exported: string;
  const children: Child[] = [];

  beforeAll(async () => {
    postgres = await startPostgres({ bin });
    source = await killedInstallation();
    ({ folder } = source.product);
    // As an upload leaves it, and too large for one part of a bucket.
    const large = Buffer.alloc(20 * 1024 * 1024, randomUUID());
    const upload = { tenant: randomUUID(), run: randomUUID() };
    await stored(source.env).put(upload, createHash('sha256').update(large).digest('hex'), large);
    exported = join(folder, 'export');
    before = await contentsOf(source.url);
    // The roles are there, so a login that may make none can own what is imported.
    await database(postgres, migrated);
    await asked(postgres.url, 'create role mover login password $$mover$$ nosuperuser');
    await asked(postgres.url, 'grant holdfast_owner, holdfast_engine, holdfast_api, holdfast_worker to mover');
  }, 300_000);
  afterAll(async () => {
    for (const child of children) await child.kill();
    await source?.product.stop();
    await postgres.stop();
  });

  /** An empty database, and the environment in which `mover` owns it; files go to a folder of its own. */
  const target = async (
    name: string,
    prepare?: (url: string) => Promise<void>,
  ): Promise<{ url: string; env: Record<string, string> }> => {
    const made = await database(postgres, prepare);
    await asked(made.url, `grant create on database ${made.name} to mover`);
    const owner = new URL(made.url);
    owner.username = 'mover';
    owner.password = 'mover';
    const dataDir = join(folder, name);
    await mkdir(dataDir);
    await cp(join(source.env['DATA_DIR'] ?? '', 'secrets.key'), join(dataDir, 'secrets.key'));
    return { url: made.url, env: { DATABASE_URL: made.url, DATABASE_MIGRATE_URL: owner.href, DATA_DIR: dataDir } };
  };

  onNewest(() => {
    test('a copy leaves the source open, and is frozen under another id until a thaw marks its runs', async () => {
      const copy = join(folder, 'copy');
      expect(await holdfast(['export', '--output', copy, '--keep'], source.env)).toMatchObject({ code: 0 });
      const { url, env } = await target('rehearsal');
      const imported = await holdfast(['import', copy], env);
      expect(imported).toMatchObject({ code: 0, err: expect.stringContaining('It is a copy') });
      const after = await contentsOf(url);
      expect(after.installation).toMatchObject({ frozen_at: expect.any(Number), moved_at: null });
      expect(after.installation['id']).not.toBe(before.installation['id']);
      const { tenants = [], ...rest } = after.rows;
      expect(tenants).toHaveLength(2);
      for (const tenant of tenants)
        expect(JSON.parse(tenant)).toMatchObject({ suspended_at: null, frozen_at: expect.any(Number) });
      expect(rest).toEqual({ ...before.rows, tenants: undefined });
      expect((await contentsOf(source.url)).installation).toEqual(before.installation);

      const effects = await source.product.counter.effects();
      expect(await holdfast(['thaw'], env)).toMatchObject({ code: 0 });
      // A copy of it begins frozen all the same.
      const second = join(folder, 'second-copy');
      expect(await holdfast(['export', '--output', second, '--keep'], env)).toMatchObject({ code: 0 });
      const other = await target('second-rehearsal');
      expect(await holdfast(['import', second], other.env)).toMatchObject({ code: 0 });
      const { rows, installation } = await contentsOf(other.url);
      expect(installation['frozen_at']).toBeGreaterThan(Number(after.installation['frozen_at']));
      expect(rows['due']?.filter((row) => row.includes('"thaw"'))).toEqual([]);

      const worker = await Child.start('worker', {
        ...env,
        TOOL_SERVERS_FILE: join(folder, 'tools.json'),
        LOG_LEVEL: 'error',
      });
      children.push(worker);
      await until('the copy is thawed', 60_000, async () => {
        const [row] = await asked(url, 'select frozen_at from holdfast.installation');
        return row?.['frozen_at'] === null ? true : null;
      });
      await worker.kill();
      const unfinished = await asked(
        url,
        `select r.id, r.status, exists (
          select from holdfast.run_events e where e.run_id = r.id and e.type = 'run.restored') as marked
        from holdfast.runs r where r.ended_at is null`,
      );
      expect(unfinished.length).toBeGreaterThanOrEqual(7);
      for (const run of unfinished) expect(run).toMatchObject({ status: 'paused', marked: true });
      expect(await source.product.counter.effects()).toEqual(effects);
    });
  });

  test('the export closes the source: nothing starts on it until it is taken back', async () => {
    // As one leaves it that was killed.
    await mkdir(join(`${exported}.partial`, 'tables'), { recursive: true });
    const done = await holdfast(['export', '--output', exported], source.env);
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('secrets.key') });
    expect(await holdfast(['export', '--output', exported], source.env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is there already'),
    });
    await expect(Child.start('both', { ...source.env, PORT: String(await freePort()) })).rejects.toThrow(
      'goes on where it was imported',
    );
    const opened = await openDatabase(source.url, { hints: false });
    const write = opened.connections.lend((sql) => sql.query('update holdfast.runs set priority = 1'));
    await expect(write).rejects.toThrow('goes on elsewhere');
    await opened.close();
    expect(await holdfast(['export', '--take-back'], source.env)).toMatchObject({ code: 0 });
    expect(await contentsOf(source.url)).toEqual(before);
    expect(await holdfast(['export', '--output', join(folder, 'again')], source.env)).toMatchObject({ code: 0 });
  });

  onNewest(() => {
    test.each<[string, (at: string) => Promise<void>, string]>([
      [
        'a list that was changed',
        async (at) => {
          const path = join(at, 'tables/runs.jsonl');
          await writeFile(path, (await readFile(path, 'utf8')).replace('succeeded', 'cancelled'));
        },
        'tables/runs.jsonl is not as it was written',
      ],
      [
        'a file of a run that was changed',
        async (at) => {
          const [line = ''] = (await readFile(join(at, 'artifacts.jsonl'), 'utf8')).split('\n');
          const { tenant, run, digest } = JSON.parse(line) as Record<string, string>;
          const path = join(at, 'artifacts', tenant ?? '', run ?? '', digest ?? '');
          await writeFile(path, Buffer.alloc((await stat(path)).size));
        },
        'The export lacks the file',
      ],
      [
        'migrations of another release',
        async (at) => {
          const path = join(at, 'manifest.json');
          await writeFile(path, (await readFile(path, 'utf8')).replace('0018_budgets.sql', '0018_budget.sql'));
        },
        'are not of one release',
      ],
      ['no manifest', (at) => writeFile(join(at, 'manifest.json'), '{}'), 'is not of an export of format 1'],
    ])('an import refuses %s, and leaves nothing', async (what, damage, message) => {
      const broken = join(folder, what.replaceAll(' ', '-'));
      await cp(exported, broken, { recursive: true });
      await damage(broken);
      const { url, env } = await target(`for-${what.replaceAll(' ', '-')}`);
      expect(await holdfast(['import', broken], env)).toMatchObject({ code: 1, err: expect.stringContaining(message) });
      await migrated(url);
      expect((await contentsOf(url)).rows).toMatchObject({ runs: [], tenants: [] });
    });

    test('an import refuses another key file', async () => {
      const { env } = await target('keyless');
      const without = { ...env, SECRETS_URL: `local://${join(folder, 'none.key')}` };
      expect((await holdfast(['import', exported], without)).err).toContain('there is no key file');
      const other = join(folder, 'other.key');
      await writeFile(other, JSON.stringify([{ id: '0'.repeat(16), key: Buffer.alloc(32).toString('base64') }]));
      const wrong = await holdfast(['import', exported], { ...env, SECRETS_URL: `local://${other}` });
      expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('which is not in') });
    });
  });

  test('an import that was killed leaves nothing; the next one brings every row, and all that waits goes on once', async () => {
    const { url, env } = await target('target', migrated);
    const fresh = await contentsOf(url);
    const holding = await openDatabase(url, { hints: false });
    await holding.connections.lend(async (sql) => {
      // The last thing that an import changes: it waits there, with all rows written and nothing committed.
      await sql.query('begin; select from holdfast.installation for update');
      const killed = start('apps/cli/src/main.ts', ['import', exported], env);
      await until('the import waits', 60_000, async () => {
        const [row] = await sql.query<{ waits: boolean }>(
          "select exists (select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.query like 'update holdfast.installation%') as waits",
        );
        return row?.waits === true ? true : null;
      });
      killed.child.kill('SIGKILL');
      await killed.ended;
      await sql.query('rollback');
    }, 120_000);
    await holding.close();
    expect(await contentsOf(url)).toEqual(fresh);

    expect(await holdfast(['import', exported], env)).toMatchObject({ code: 0 });
    const after = await contentsOf(url);
    expect(after).toEqual({ ...before, rights: fresh.rights });
    expect(await holdfast(['import', exported], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('has rows already'),
    });
    await goesOn(env);
  });

  test('what runs on Postgres moves once its workers have stopped; the API that is still there takes nothing more', async () => {
    const { env, url } = await target('next-source', migrated);
    expect(await holdfast(['import', exported], env)).toMatchObject({ code: 0 });
    const port = String(await freePort());
    const own = { ...env, PORT: port, TOOL_SERVERS_FILE: join(folder, 'tools.json'), LOG_LEVEL: 'error' };
    const [api, worker] = [await Child.start('api', own), await Child.start('worker', own)];
    children.push(api, worker);
    const next = join(folder, 'next');
    expect(await holdfast(['export', '--output', next], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Workers are at work'),
    });
    worker.signal('SIGTERM');
    await worker.ended;
    const moved = await contentsOf(url);
    expect(await holdfast(['export', '--output', next], env)).toMatchObject({ code: 0 });
    const refused = await fetch(`http://127.0.0.1:${port}/v1/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${source.product.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ agent: 'writer', input: 'too late' }),
    });
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'database_unavailable' }]);

    // And into an embedded database again.
    const dataDir = join(folder, 'embedded');
    await mkdir(dataDir);
    await cp(join(env['DATA_DIR'] ?? '', 'secrets.key'), join(dataDir, 'secrets.key'));
    const embedded = { DATABASE_URL: `pglite://${join(dataDir, 'database')}`, DATA_DIR: dataDir };
    expect(await holdfast(['import', next], embedded)).toMatchObject({ code: 0 });
    const { rights: _here, ...back } = await contentsOf(embedded.DATABASE_URL);
    const { rights: _there, ...there } = moved;
    expect(back).toEqual(there);
    const frozen = await holdfast(['freeze'], embedded);
    expect(frozen).toMatchObject({ code: 0, out: expect.stringContaining('(2 tenants)') });
    const thawed = await holdfast(['thaw', '--nothing-lost'], embedded);
    expect(thawed).toMatchObject({ code: 0, out: expect.stringContaining('2 tenants go on') });
  });

  onNewest(() => {
    describeSeaweedFs('a bucket', (server) => {
      test('files move from a folder into a bucket, and out of it', async () => {
        const { endpoint, accessKey, secretKey } = server();
        const { env } = await target('bucket');
        const own = { ...env, S3_ENDPOINT: endpoint, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey };
        expect(await holdfast(['import', exported], own)).toMatchObject({ code: 0 });
        await expect(stat(join(env['DATA_DIR'] ?? '', 'artifacts'))).rejects.toThrow('ENOENT');
        const { s3, secrets } = parseEnv(own);
        if (s3 === null) throw new Error('no bucket is configured');
        const bucket = new S3ArtifactStore({ ...s3, credentials: secrets.s3 });
        let files = 0;
        for await (const ref of stored(source.env).runs())
          for (const { name } of await stored(source.env).files(ref)) {
            files += 1;
            const bytes = (await bucket.get(ref, name)) ?? '';
            expect(createHash('sha256').update(bytes).digest('hex')).toBe(name);
          }
        expect(files).toBeGreaterThanOrEqual(3);
        await bucket.close();

        const back = join(folder, 'from-bucket');
        expect(await holdfast(['export', '--keep', '--output', back], own)).toMatchObject({ code: 0 });
        expect(await linesOf(join(back, 'artifacts.jsonl'))).toEqual(await linesOf(join(exported, 'artifacts.jsonl')));
        const { env: folderOnly } = await target('from-bucket-target');
        expect(await holdfast(['import', back], folderOnly)).toMatchObject({ code: 0 });
        const listed = join(folder, 'listed');
        expect(await holdfast(['export', '--no-files', '--output', listed], own)).toMatchObject({
          code: 0,
          err: expect.stringContaining(`in the bucket ${s3.bucket}`),
        });
        const { env: next } = await target('without-files');
        expect(await holdfast(['import', listed], next)).toMatchObject({
          code: 1,
          err: expect.stringContaining(`${files} files of runs are not`),
        });
        const sameBucket = { ...own, ...next };
        expect(await holdfast(['import', listed], sameBucket)).toMatchObject({ code: 0 });
      });
    });
  });

  /** API and worker on it: everything that waited ends, and nothing is done twice. */
  async function goesOn(env: Record<string, string>): Promise<void> {
    const { product, runs } = source;
    const logs = new Map(
      before.rows['runs']
        ?.map((row) => JSON.parse(row) as { id: string; head: number })
        .map((run) => [run.id, run.head]),
    );
    const port = String(await freePort());
    const own = {
      ...env,
      PORT: port,
      TOOL_SERVERS_FILE: join(folder, 'tools.json'),
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'error',
    };
    children.push(await Child.start('api', own), await Child.start('worker', own));
    const url = `http://127.0.0.1:${port}`;
    // The key of the source lets in here, too.
    const client = new Holdfast({ url, key: product.key, validate: true });
    const read = async <T>(path: string): Promise<T> =>
      (await fetch(`${url}/v1${path}`, { headers: { authorization: `Bearer ${product.key}` } })).json() as Promise<T>;
    const decided = async (): Promise<true | null> => {
      const { items } = await client.attention.list({}).page();
      for (const { run_id: run, ref, kind } of items)
        await client.attention.decide(
          run,
          ref,
          kind === 'approval'
            ? { decision: 'approve' }
            : kind === 'unknown-effect'
              ? { decision: 'done', content: 'it was done' }
              : { decision: 'answer', answer: 'yes' },
        );
      for (const run of logs.keys()) if (!ended.has((await client.runs.get(run)).status)) return null;
      return true;
    };
    const unknown = await until('the lost call is asked about', 60_000, async () => {
      const { items } = await client.attention.list({ run: runs.crashed }).page();
      return items.length > 0 ? items : null;
    });
    expect(unknown.map(({ kind }) => kind)).toEqual(['unknown-effect']);
    await until('all to end', 90_000, decided);
    for (const [what, run] of Object.entries(runs)) {
      expect([what, (await client.runs.get(run)).status]).toEqual([what, 'succeeded']);
    }
    // Each log goes on behind what came along, without a gap.
    for (const [run, head] of logs) {
      const { items } = await read<{ items: readonly { seq: number }[] }>(`/runs/${run}/events?limit=1000`);
      expect(items.map(({ seq }) => seq)).toEqual(items.map((_event, index) => index + 1));
      expect(items.length).toBeGreaterThanOrEqual(head);
    }
    const times = [...(await product.counter.timesByKey('pay')).values()];
    expect(times.length).toBeGreaterThanOrEqual(9);
    expect(new Set(times)).toEqual(new Set([1]));
    expect((await client.runs.get(runs.ended)).input).toEqual([
      { type: 'text', text: expect.stringContaining(awkward) },
    ]);
    const { items: files } = await read<{ items: readonly { digest: string }[] }>(`/runs/${runs.ended}/artifacts`);
    expect(files).toHaveLength(1);
    expect(await holdfast(['audit', 'verify'], { HOLDFAST_URL: url, HOLDFAST_API_KEY: product.key })).toMatchObject({
      code: 0,
    });
    expect(await holdfast(['tenants', 'audit'], env)).toMatchObject({ code: 0 });
  }
});
