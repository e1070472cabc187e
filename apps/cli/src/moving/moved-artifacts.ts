import { createHash } from 'node:crypto';
import type { ArtifactStore, StoredFiles } from '@holdfast/core';
import { Failure } from '../failure.ts';
import { type ArtifactLine, artifactLine } from './manifest.ts';

/** What a store has, run by run; each file goes to `into`, where there is one. Damaged files end it. */
export async function* storedArtifacts(
  from: ArtifactStore & StoredFiles,
  into: Pick<ArtifactStore, 'put'> | null,
): AsyncGenerator<readonly string[], void, undefined> {
  for await (const ref of from.runs())
    for (const { digest } of await from.files(ref)) {
      // What a put has left that died is nobody's.
      if (digest === null) continue;
      const bytes = await from.get(ref, digest);
      // It was removed since it was listed.
      if (bytes === null) continue;
      await into?.put(ref, digest, bytes);
      yield [JSON.stringify({ ...ref, digest, bytes: bytes.length } satisfies ArtifactLine)];
    }
}

/** Puts each listed file into the store that is configured here; the stores look at the digests. */
export async function restoreArtifacts(
  lines: AsyncIterable<string>,
  from: Pick<ArtifactStore, 'get'>,
  into: Pick<ArtifactStore, 'put'>,
): Promise<void> {
  for await (const text of lines) {
    const { digest, bytes: size, ...ref } = artifactLine.parse(JSON.parse(text));
    const bytes = await from.get(ref, digest);
    if (bytes === null || bytes.length !== size || createHash('sha256').update(bytes).digest('hex') !== digest)
      throw new Failure(`The export lacks the file artifacts/${ref.tenant}/${ref.run}/${digest} as it was written.`);
    await into.put(ref, digest, bytes);
  }
}

/** For an export without files: each must be in the store that is configured here. */
export async function checkArtifacts(lines: AsyncIterable<string>, here: Pick<ArtifactStore, 'get'>): Promise<void> {
  let missing = 0;
  let first: string | null = null;
  for await (const text of lines) {
    const { digest, bytes: _size, ...ref } = artifactLine.parse(JSON.parse(text));
    if ((await here.get(ref, digest)) !== null) continue;
    missing += 1;
    first ??= `${ref.tenant}/${ref.run}/${digest}`;
  }
  if (first !== null)
    throw new Failure(
      `The export was made with --no-files, and ${missing} files of runs are not where artifacts are kept here, the first ${first}. Bring the folder artifacts of the source's DATA_DIR there, or export with files.`,
    );
}
