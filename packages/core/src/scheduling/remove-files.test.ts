import { expect, test } from 'vitest';
import type { StoredFiles } from '../log/artifact-store.ts';
import type { StoredRun } from '../log/run-store.ts';
import { removeFiles } from './remove-files.ts';

const row = { kind: 'files', tenant: 't', subject: 'r', attempt: 1, reservedUntil: 1 } as const;

function files() {
  const removed: unknown[] = [];
  const artifacts = { removeRun: (ref: unknown) => Promise.resolve(removed.push(ref)) } as unknown as StoredFiles;
  return { removed, artifacts };
}

test('the files of a run that is gone go, too', async () => {
  const { removed, artifacts } = files();
  expect(await removeFiles({ artifacts, runs: { load: () => Promise.resolve(null) } })(row)).toBe('done');
  expect(removed).toEqual([{ tenant: 't', run: 'r' }]);
});

test('the files of a run that is there stay, whatever the row says', async () => {
  const { removed, artifacts } = files();
  const there = { load: () => Promise.resolve({} as StoredRun) };
  await expect(removeFiles({ artifacts, runs: there })(row)).rejects.toThrow('run r is there');
  expect(removed).toEqual([]);
});
