import { expect, test } from 'vitest';
import type { Artifacts } from '../log/artifact-store.ts';
import { readArtifact } from './read-artifact.ts';
import type { RunDirectory } from './run-directory.ts';

const ref = { tenant: 'acme', run: 'r1' };
const listed = { digest: 'listed', name: 'report.md', mediaType: 'text/markdown', size: 2 };
const words = 'word '.repeat(20_000);

function over(files: Readonly<Record<string, string>>) {
  const directory = {
    get: () => Promise.resolve({}),
    artifacts: () => Promise.resolve([listed]),
  } as unknown as RunDirectory;
  const artifacts = {
    open: (_ref: unknown, digest: string) =>
      Promise.resolve(files[digest] === undefined ? null : { size: files[digest].length, bytes: [] }),
    get: (_ref: unknown, digest: string) => {
      const text = files[digest];
      return Promise.resolve(text === undefined ? null : new TextEncoder().encode(text));
    },
  } as unknown as Artifacts;
  return { directory, artifacts };
}

test('gives a file with what the log says of it', async () => {
  expect((await readArtifact(over({ listed: 'hi' }), ref, 'listed')).row).toEqual(listed);
  await expect(readArtifact(over({}), ref, 'listed')).rejects.toMatchObject({ code: 'artifact_not_found' });
});

test('gives the facts of an event that were too large for its row', async () => {
  const { row } = await readArtifact(over({ other: JSON.stringify({ words }) }), ref, 'other');
  expect(row).toEqual({ digest: 'other', name: null, mediaType: 'application/json', size: words.length + 12 });
});

test.each([
  ['is no JSON', words],
  ['is JSON, but no facts', JSON.stringify([words])],
  ['is small', JSON.stringify({ words: '' })],
])('does not know a file that is not listed and %s', async (_what, text) => {
  await expect(readArtifact(over({ other: text }), ref, 'other')).rejects.toMatchObject({ code: 'artifact_not_found' });
});
