import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase } from '@holdfast/adapters/postgres';
import { type PostgresServer, serverOwner, startPostgres, startRestored } from '@holdfast/testing/servers';
import { agent } from '../harness/agents.ts';
import { Product, until } from '../harness/product.ts';

/** What a restore came to, as a process outside and the logs say. */
export interface Rehearsal {
  /** Effects that were performed after the moment that was restored. */
  readonly afterwards: number;
  /** Effects begun on the restored database before it was thawed; 0 is promised. */
  readonly whileFrozen: number;
  /** Runs offered to a worker while it was frozen; 0 is promised. */
  readonly offeredWhileFrozen: number;
  /** `once` calls that were open at that moment, of which a person is asked. */
  readonly asked: number;
  /** Effects begun by restored runs before somebody resumed them; 0 is promised. */
  readonly beforeResume: number;
  /** How the runs ended that people let go on. */
  readonly statuses: readonly string[];
  /** Whether the installation has another id. */
  readonly renamed: boolean;
  /** ms: base backup, restore until it takes writes, from thaw until the last run was marked. */
  readonly backupMs: number;
  readonly restoreMs: number;
  readonly thawMs: number;
}

const POINT = 'before';

/**
 * Point-in-time recovery with runs under way: `open` has a `once` call without an answer at that moment, `later` waits for a
 * person and pays after it, `fresh` is started on the restored database.
 */
export async function rehearseRestore(bin: string, say: (line: string) => void): Promise<Rehearsal> {
  const server = await startPostgres({
    bin,
    settings: { archive_mode: 'on', archive_command: 'mkdir -p ../archive && cp %p ../archive/%f' },
  });
  const folder = dirname(server.data);
  const product = await Product.start({ postgres: server.url, workers: 1 });
  const servers = [server];
  try {
    const go = join(product.folder, 'go');
    // Its call stays open for longer than the rehearsal.
    const tools = [{ mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '120s' }];
    await product.publish(agent('open', [[{ tool: 'pay', args: { until: go } }]], { tools }));
    await product.publish(agent('later', [[{ tool: 'ask', args: { question: 'Pay?' } }], [{ tool: 'pay' }]]));
    await product.publish(agent('fresh', [[{ tool: 'pay' }]]));

    const backup = await timed(() => baseBackup(bin, server, join(folder, 'backup')));
    say(`base backup: ${backup.ms} ms`);
    const open = await product.client.runs.start({ agent: 'open', input: 'go' });
    const later = await product.client.runs.start({ agent: 'later', input: 'go' });
    await until('the open call', 30_000, async () => ((await product.counter.effects()).length === 1 ? true : null));
    const question = (await product.settled(later.id)).attention[0];
    if (question === undefined) throw new Error('nobody was asked');
    await server.query(`select pg_create_restore_point('${POINT}')`);
    const [installed] = await server.query('select id from holdfast.installation');

    const before = (await product.counter.effects()).length;
    await writeFile(go, '');
    await product.client.attention.decide(later.id, question.ref, { decision: 'answer', answer: 'yes' });
    for (const run of [open, later]) await product.ended(run.id);
    const afterwards = (await product.counter.effects()).length - before;
    say(`effects after the restore point: ${afterwards}`);

    const [segment] = await server.query('select pg_walfile_name(pg_switch_wal()) as name');
    await until('the log to be archived', 30_000, async () => {
      const [row] = await server.query(
        `select last_archived_wal >= '${String(segment?.['name'])}' as done from pg_stat_archiver`,
      );
      return row?.['done'] === true ? true : null;
    });
    await product.looked(() => Promise.resolve());
    await server.kill();

    const restore = await timed(async () => {
      const { password } = new URL(server.url);
      const archive = join(folder, 'archive');
      const restored = await startRestored({ bin, backup: join(folder, 'backup'), archive, at: POINT, password });
      servers.push(restored);
      await until('it to take writes', 60_000, async () => {
        const [row] = await restored.query('select pg_is_in_recovery() as standby');
        return row?.['standby'] === false ? true : null;
      });
      return restored;
    });
    const { url } = restore.value;
    say(`restored to the point before: ${restore.ms} ms`);
    const owner = await openDatabase(url, { hints: false });
    const observer = await owner.worker('observer');
    try {
      const installation = await owner.owner();
      const frozen = await installation.freeze();
      const known = (await product.counter.effects()).length;
      await product.startApi({ DATABASE_URL: url });
      await product.startWorker({ DATABASE_URL: url });
      const fresh = await product.client.runs.start({ agent: 'fresh', input: 'go' });
      await observer.lease.start();
      const offered = await observer.schedule.pick(10, 0);
      const dead = await observer.lease.deadPeers();
      const whileFrozen = (await product.counter.effects()).length - known;
      await observer.lease.close();

      const thaw = await timed(async () => {
        await installation.thaw(false);
        await until('everything to be thawed', 60_000, async () => ((await observer.freeze()) === null ? true : null));
      });
      const marked = await product.settled(open.id);
      const asked = marked.attention.filter(({ kind }) => kind === 'unknown-effect');
      await product.ended(fresh.id);
      const beforeResume = (await product.counter.effects()).length - known - 1;

      // People look: the payment of `open` had been made; `later` was paid, too, and its call comes with the same key.
      for (const run of [open, later]) await product.client.runs.resume(run.id);
      for (const { ref } of asked)
        await product.client.attention.decide(open.id, ref, { decision: 'done', content: 'ok' });
      const again = (await product.settled(later.id)).attention[0];
      if (again === undefined) throw new Error('nobody was asked again');
      await product.client.attention.decide(later.id, again.ref, { decision: 'answer', answer: 'yes' });
      const statuses = await Promise.all([open, later, fresh].map((run) => product.ended(run.id)));
      return {
        afterwards,
        whileFrozen,
        offeredWhileFrozen: offered.length + dead.reduce((sum, { runs }) => sum + runs.length, 0),
        asked: asked.length,
        beforeResume,
        statuses,
        renamed: frozen.id !== installed?.['id'],
        backupMs: backup.ms,
        restoreMs: restore.ms,
        thawMs: thaw.ms,
      };
    } finally {
      await owner.close();
    }
  } finally {
    await product.stop();
    for (const one of servers) await one.stop();
  }
}

async function baseBackup(bin: string, server: PostgresServer, to: string): Promise<void> {
  const owner = serverOwner();
  await mkdir(dirname(to), { recursive: true });
  const flags = ['-D', to, '-X', 'stream', '-c', 'fast', '--no-sync', '-d', server.url];
  await promisify(execFile)(join(bin, 'pg_basebackup'), flags, { cwd: dirname(server.data), ...owner });
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const began = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - began) };
}
