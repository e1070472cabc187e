import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendTo, claim, newRun, newTenant } from '@holdfast/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate, openDatabase } from './database.ts';
import { storesOf } from './open-stores.suite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-pglite-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = async (name = 'data') => {
  const opened = await openDatabase(`pglite://${join(folder, name)}`);
  await migrate(opened);
  return storesOf(opened);
};

test('every commit is synced, and what was committed is there again', async () => {
  const stores = await open();
  const run = await newRun(stores, await newTenant(stores));
  const { schedule, runs } = await stores.worker('me');
  await schedule.pick(1, 60_000);
  await claim(stores, run, 'me');
  const before = stores.database.syncs() ?? 0;
  for (let head = 2; head < 22; head += 1) await runs.append(appendTo(run, head, { worker: 'me' }));
  const after = stores.database.syncs() ?? 0;
  expect(after - before).toBeGreaterThanOrEqual(20);
  await stores.close();

  const again = await open();
  expect((await again.api.runs.load(run))?.head).toBe(22);
  // Everybody who was here before is gone.
  const next = await again.worker('next');
  await next.lease.start();
  expect(next.lease.remaining()).toBeGreaterThan(2_000);
  const dead = await next.lease.deadPeers();
  expect(dead).toMatchObject([{ worker: 'me', why: 'restarted', runs: [run] }]);
  const takeOver = { worker: 'next', take: { type: 'take-over', from: 'me' } } as const;
  expect(await next.runs.append(appendTo(run, 22, takeOver))).toEqual({ type: 'accepted', head: 23 });
  expect(await next.lease.deadPeers()).toEqual([]);
  await next.lease.close();
  await again.close();
});

test('a second opening of the same directory is refused while the first is open', async () => {
  const stores = await open();
  const second = openDatabase(`pglite://${join(folder, 'data')}`);
  await expect(second).rejects.toMatchObject({ code: 'database_in_use' });
  await expect(second).rejects.toThrow(join(folder, 'data'));
  await stores.close();
  const third = await open();
  await third.close();
});

test('a process that was killed leaves a lock that does not count, and every commit it acknowledged', async () => {
  const child = fork(new URL('./pglite-child.suite.ts', import.meta.url), [join(folder, 'data')], {
    execArgv: ['--conditions=holdfast-source', '--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const acknowledged: { tenant: string; run: string; head: number } = { tenant: '', run: '', head: 0 };
  let refused: unknown = null;
  let isRefused = false;
  child.on('message', (message: typeof acknowledged) => {
    Object.assign(acknowledged, message);
    if (message.head === 5)
      refused = openDatabase(`pglite://${join(folder, 'data')}`)
        .catch((error: unknown) => error)
        .finally(() => (isRefused = true));
    // Not before: after a pause of this process many messages come at once, and the lock would be that of a dead one.
    if (message.head >= 40 && isRefused) child.kill('SIGKILL');
  });
  await once(child, 'exit');
  expect(await refused).toMatchObject({ code: 'database_in_use' });
  const stores = await open();
  const head = (await stores.api.runs.load(acknowledged))?.head;
  expect(head).toBeGreaterThanOrEqual(acknowledged.head);
  expect(await stores.api.runs.eventsAfter(acknowledged, 0, 100_000)).toHaveLength(head ?? -1);
  await stores.close();
});

test('of several processes that find a stale lock one gets the directory', async () => {
  mkdirSync(join(folder, 'data.lock'));
  writeFileSync(join(folder, 'data.lock', '7'), '');
  const outcomes = await Promise.allSettled(
    Array.from({ length: 4 }, () => openDatabase(`pglite://${join(folder, 'data')}`)),
  );
  const opened = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(opened).toHaveLength(1);
  for (const outcome of outcomes.filter(({ status }) => status === 'rejected')) {
    expect(outcome).toMatchObject({ reason: { code: 'database_in_use' } });
  }
  await opened[0]?.close();
});

test('a directory whose path is too long for a socket is locked all the same', async () => {
  const name = `${'deep'.repeat(20)}/data`;
  const stores = await open(name);
  await expect(openDatabase(`pglite://${join(folder, name)}`)).rejects.toMatchObject({ code: 'database_in_use' });
  await stores.close();
});

test.each([
  ['a control file that is none', 'global/pg_control'],
  ['a version of another time', 'PG_VERSION'],
])('damaged data gives one clear error: %s', async (_, file) => {
  const stores = await open();
  await stores.close();
  writeFileSync(join(folder, 'data', file), 'nonsense\n');
  const opening = openDatabase(`pglite://${join(folder, 'data')}`);
  await expect(opening).rejects.toMatchObject({ code: 'database_corrupt' });
  await expect(opening).rejects.toThrow(/^The database in .* does not open: [^\n]*$/);
  // The lock is free again.
  await expect(openDatabase(`pglite://${join(folder, 'data')}`)).rejects.toMatchObject({ code: 'database_corrupt' });
});

test.each([
  ['it would lie in a file', 'file/data'],
  ['it is a file', 'file'],
])('a directory that cannot be made gives one clear error: %s', async (_, name) => {
  writeFileSync(join(folder, 'file'), '');
  const opening = openDatabase(`pglite://${join(folder, name)}`);
  await expect(opening).rejects.toMatchObject({ code: 'database_unreachable' });
  await expect(opening).rejects.toThrow(/^No database can be made in .*: E[A-Z]+[^\n]*$/);
});

test('a directory in which no database can be made gives one clear error, and is free again', async () => {
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data', 'global'), '');
  for (let tries = 0; tries < 2; tries += 1) {
    const opening = openDatabase(`pglite://${join(folder, 'data')}`);
    await expect(opening).rejects.toMatchObject({ code: 'database_unreachable' });
  }
});

test('closing waits for what was asked before, and refuses what comes after', async () => {
  const stores = await open();
  const run = await newRun(stores, await newTenant(stores));
  const appending = stores.api.runs.append(appendTo(run, 1));
  const closing = stores.close();
  expect(await appending).toEqual({ type: 'accepted', head: 2 });
  await closing;
  await expect(stores.api.runs.load(run)).rejects.toThrow('closed');
});
