import type { Artifacts, ArtifactStore } from '../log/artifact-store.ts';
import { INLINE_BYTES } from '../log/event-codec.ts';
import type { ArtifactRow } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { listArtifacts } from './list-artifacts.ts';
import { refused } from './refused.ts';
import type { RunDirectory } from './run-directory.ts';

type Directory = Pick<RunDirectory, 'artifacts' | 'get'>;

/**
 * A file of a run, as its bytes are read, or the payload of an event that was too large for its row.
 * @throws HoldfastError `run_not_found`, `artifact_not_found`.
 */
export async function readArtifact(
  ports: { readonly directory: Directory; readonly artifacts: Pick<Artifacts, 'get' | 'open'> },
  ref: RunRef,
  digest: string,
): Promise<{ row: ArtifactRow; bytes: AsyncIterable<Uint8Array> | Uint8Array }> {
  const row = await rowOf(ports.directory, ref, digest);
  if (row === null) {
    const bytes = await payloadOf(ports.artifacts, ref, digest);
    return { row: { digest, name: null, mediaType: 'application/json', size: bytes.length }, bytes };
  }
  const opened = await ports.artifacts.open(ref, digest);
  if (opened === null) throw noFile(ref, digest);
  return { row: { ...row, size: opened.size }, bytes: opened.bytes };
}

/**
 * What is told of a file of a run. Payloads have no row, and are none of the files that are linked to.
 * @throws HoldfastError `run_not_found`, `artifact_not_found`.
 */
export async function artifactOf(
  { directory }: { readonly directory: Directory },
  ref: RunRef,
  digest: string,
): Promise<ArtifactRow> {
  const row = await rowOf(directory, ref, digest);
  if (row === null) throw noFile(ref, digest);
  return row;
}

const rowOf = async (directory: Directory, ref: RunRef, digest: string): Promise<ArtifactRow | null> =>
  (await listArtifacts(directory, ref)).find((file) => file.digest === digest) ?? null;

/** A file is stored before the append that tells of it; until then it is not there, unless it looks like a payload. */
async function payloadOf(artifacts: Pick<ArtifactStore, 'get'>, ref: RunRef, digest: string): Promise<Uint8Array> {
  const bytes = await artifacts.get(ref, digest);
  if (bytes === null || !isPayload(bytes)) throw noFile(ref, digest);
  return bytes;
}

const noFile = (ref: RunRef, digest: string) =>
  refused('artifact_not_found', `The run ${ref.run} has no file ${digest}.`);

/** The facts of an event, as `JSON.stringify` writes an object. To be sure of it, the whole log would have to be read. */
const isPayload = (bytes: Uint8Array): boolean =>
  bytes.length > INLINE_BYTES && bytes[0] === OPENING_BRACE && bytes[1] === QUOTE;

const OPENING_BRACE = 0x7b;
const QUOTE = 0x22;
