import { ArtifactDamaged, type Artifacts, type ArtifactStreams } from '@holdfast/core';
import { Failure } from '../failure.ts';
import { type ArtifactLine, artifactLine } from './manifest.ts';

/** What a store has, run by run; each file goes to `into`, where there is one. Damaged files end it. */
export async function* storedArtifacts(
  from: Pick<Artifacts, 'runs' | 'files' | 'open'>,
  into: Pick<ArtifactStreams, 'putStream'> | null,
): AsyncGenerator<readonly string[], void, undefined> {
  for await (const ref of from.runs())
    for (const { digest } of await from.files(ref)) {
      // What a put or an upload has left that did not end is nobody's.
      if (digest === null) continue;
      const found = await from.open(ref, digest);
      // It was removed since it was listed.
      if (found === null) continue;
      try {
        await into?.putStream(ref, digest, found.bytes, found.size);
      } catch (error) {
        // Or while it was read.
        if ((await from.open(ref, digest)) === null) continue;
        throw error;
      }
      yield [JSON.stringify({ ...ref, digest, bytes: found.size } satisfies ArtifactLine)];
    }
}

/** Puts each listed file into the store that is configured here, which looks at the digests. */
export async function restoreArtifacts(
  lines: AsyncIterable<string>,
  from: Pick<ArtifactStreams, 'open'>,
  into: ArtifactStreams,
): Promise<void> {
  for await (const text of lines) {
    const line = artifactLine.parse(JSON.parse(text));
    // By an import that was stopped.
    if (await isThere(line, into)) continue;
    const { digest, bytes: size, ...ref } = line;
    const lacking = `The export lacks the file artifacts/${ref.tenant}/${ref.run}/${digest} as it was written.`;
    const found = await from.open(ref, digest);
    if (found?.size !== size) throw new Failure(lacking);
    await into.putStream(ref, digest, found.bytes, size).catch((error: unknown) => {
      throw error instanceof ArtifactDamaged ? new Failure(lacking) : error;
    });
  }
}

/** For an export without files: each must be in the store that is configured here. */
export async function checkArtifacts(lines: AsyncIterable<string>, here: Pick<ArtifactStreams, 'open'>): Promise<void> {
  let missing = 0;
  let first: string | null = null;
  for await (const text of lines) {
    const line = artifactLine.parse(JSON.parse(text));
    if (await isThere(line, here)) continue;
    missing += 1;
    first ??= `${line.tenant}/${line.run}/${line.digest}`;
  }
  if (first !== null)
    throw new Failure(
      `The export was made with --no-files, and ${missing} files of runs are not, as they were, where artifacts are kept here, the first ${first}. Bring what the source has there (the folder artifacts of its DATA_DIR, or its bucket), or export with files.`,
    );
}

/** Whether all its bytes are there, and are those of its digest. */
async function isThere(
  { digest, bytes: size, ...ref }: ArtifactLine,
  store: Pick<ArtifactStreams, 'open'>,
): Promise<boolean> {
  const found = await store.open(ref, digest);
  if (found?.size !== size) return false;
  try {
    for await (const _ of found.bytes);
    return true;
  } catch (error) {
    if (error instanceof ArtifactDamaged) return false;
    throw error;
  }
}
