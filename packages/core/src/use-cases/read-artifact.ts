import type { ArtifactStore } from '../log/artifact-store.ts';
import { INLINE_BYTES } from '../log/event-codec.ts';
import type { ArtifactRow } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { listArtifacts } from './list-artifacts.ts';
import { refused } from './refused.ts';
import type { RunDirectory } from './run-directory.ts';

/**
 * A file of a run, or the payload of an event that was too large for its row.
 * @throws HoldfastError `run_not_found`, `artifact_not_found`.
 */
export async function readArtifact(
  ports: { readonly directory: RunDirectory; readonly artifacts: ArtifactStore },
  ref: RunRef,
  digest: string,
): Promise<{ row: ArtifactRow; bytes: Uint8Array }> {
  const rows = await listArtifacts(ports.directory, ref);
  const bytes = await ports.artifacts.get(ref, digest);
  const row = rows.find((file) => file.digest === digest);
  // A file is stored before the append that tells of it; until then it is not there, unless it looks like a payload.
  if (bytes === null || (row === undefined && !isPayload(bytes)))
    throw refused('artifact_not_found', `The run ${ref.run} has no file ${digest}.`);
  return { row: row ?? { digest, name: null, mediaType: 'application/json', size: bytes.length }, bytes };
}

/** The facts of an event, as `JSON.stringify` writes an object. To be sure of it, the whole log would have to be read. */
const isPayload = (bytes: Uint8Array): boolean =>
  bytes.length > INLINE_BYTES && bytes[0] === OPENING_BRACE && bytes[1] === QUOTE;

const OPENING_BRACE = 0x7b;
const QUOTE = 0x22;
