import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { appendTo, newRun, newTenant } from '@holdfast/testing';
import { database, describePostgres, startPostgres } from '@holdfast/testing/servers';
import { expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { prepare, storesOf } from './open-stores.suite.ts';

describePostgres('a database copied with pg_dump', ({ bin }) => {
  test('is frozen by the first worker of another cluster, and goes on when told that nothing was lost', async () => {
    const [from, to] = await Promise.all([startPostgres({ bin }), startPostgres({ bin })]);
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-dump-'));
    const run = async (program: string, ...args: string[]): Promise<void> => {
      await promisify(execFile)(join(bin, program), args, { cwd: folder });
    };
    const { url, name } = await database(from, prepare);
    const before = await storesOf(await openDatabase(url));
    const scope = await newTenant(before);
    const runs = [await newRun(before, scope), await newRun(before, scope)];
    const { lease, ...first } = await before.worker('first');
    await lease.start();
    // One is held by a worker that the copy knows, and that nobody hears of again.
    const [held, waiting] = runs;
    if (held === undefined || waiting === undefined) throw new Error('there are two');
    expect(await first.schedule.pick(2, 0)).toHaveLength(2);
    const take = { worker: 'first', take: { type: 'claim' } } as const;
    expect(await first.runs.append(appendTo(held, 1, take))).toMatchObject({ type: 'accepted' });
    const installation = await before.installation.installationId();
    expect(await (await before.database.api()).freeze()).toBeNull();

    await run('pg_dumpall', '--roles-only', '--no-role-passwords', '-d', from.url, '-f', 'roles.sql');
    await run('pg_dump', '-Fc', '-d', url, '-f', 'holdfast.dump');
    await lease.close();
    await before.close();
    // The login that restores is there already.
    await run('psql', '-q', '-d', to.url, '-f', 'roles.sql');
    await run('pg_restore', '--create', '--exit-on-error', '-d', to.url, 'holdfast.dump');

    const after = await storesOf(await openDatabase(to.url.replace(/\/postgres$/, `/${name}`)));
    const { freeze, installation: restored } = await after.database.worker('second');
    expect(await freeze()).toBeNull();
    const second = await after.worker('second');
    await second.lease.start();
    expect(await freeze()).not.toBeNull();
    // What the original shares with others is not this one's.
    const noticed = await restored();
    expect(noticed).not.toBe(installation);
    expect(await after.installation.installationId()).toBe(noticed);
    expect(await second.schedule.pick(10, 0)).toEqual([]);
    expect(await second.lease.deadPeers()).toEqual([]);
    const claim = { worker: 'second', take: { type: 'claim' } } as const;
    expect(await second.runs.append(appendTo(waiting, 1, claim))).not.toMatchObject({ type: 'accepted' });
    const over = { worker: 'second', take: { type: 'take-over', from: 'first', why: 'gone' } } as const;
    expect(await second.runs.append(appendTo(held, 2, over))).not.toMatchObject({ type: 'accepted' });
    // A tenant that comes now has no past.
    const fresh = await newRun(after, await newTenant(after));
    expect((await second.schedule.pick(10, 0)).map((row) => row.run)).toEqual([fresh.run]);

    expect(await after.installation.thaw(true)).toBe(1);
    expect(await freeze()).toBeNull();
    expect((await second.schedule.pick(10, 0)).map((row) => row.run)).toContain(waiting.run);
    const again = await after.installation.freeze();
    expect([installation, noticed]).not.toContain(again.id);
    expect(again.tenants).toBe(2);
    await second.lease.close();
    await after.close();
    rmSync(folder, { recursive: true, force: true });
    await Promise.all([from.stop(), to.stop()]);
  }, 180_000);

  test('a database of another installation is frozen by its first worker, once', async () => {
    const server = await startPostgres({ bin });
    /** A worker with that setting begins and ends; what was frozen by then. */
    const begun = async (at: string, installationId: string | null, thaw = false) => {
      const opened = await openDatabase(at, installationId === null ? {} : { installationId });
      const { lease, freeze, installation } = await opened.worker('a-worker');
      await lease.start();
      const [found, id] = [await freeze(), await installation()];
      await lease.close();
      if (thaw) await (await opened.owner()).thaw(true);
      await opened.close();
      return { because: found?.because ?? null, id };
    };
    // The first one says whose it is.
    expect((await begun((await database(server, prepare)).url, 'staging')).because).toBeNull();
    const { url } = await database(server, prepare);
    const { id, because } = await begun(url, null);
    expect(because).toBeNull();
    expect((await begun(url, id)).because).toBeNull();
    const staging = await begun(url, 'staging', true);
    expect(staging.because).toBe(`INSTALLATION_ID is staging, and the database belongs to ${id}`);
    expect(staging.id).not.toBe(id);
    expect(await begun(url, 'staging')).toEqual({ because: null, id: staging.id });
    expect((await begun(url, null)).because).toBeNull();
    await server.stop();
  }, 60_000);
});
