import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tryAll = async (count: number): Promise<DirectoryLock[]> => {
  const tried = await Promise.allSettled(Array.from({ length: count }, () => lockDirectory(join(folder, 'data'))));
  return tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
};

test('of many at once one gets the lock, again and again, and little is left behind', async () => {
  for (let round = 0; round < 20; round += 1) {
    const locks = await tryAll(10);
    expect(locks).toHaveLength(1);
    expect(await tryAll(3)).toHaveLength(0);
    await locks[0]?.release();
  }
  expect(readdirSync(join(folder, 'data.lock'))).toHaveLength(1);
});

test('a lock that is given back while others try is had by one of them at most', async () => {
  for (let round = 0; round < 20; round += 1) {
    const [first] = await tryAll(1);
    const trying = tryAll(10);
    await first?.release();
    const locks = await trying;
    expect(locks.length).toBeLessThanOrEqual(1);
    await locks[0]?.release();
  }
});
