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
  // A file that a tool has just written is stored before the append that tells of it: until then it is not there.
  if (bytes === null || (row === undefined && !isPayload(bytes)))
    throw refused('artifact_not_found', `The run ${ref.run} has no file ${digest}.`);
  return { row: row ?? { digest, name: null, mediaType: 'application/json', size: bytes.length }, bytes };
}

function isPayload(bytes: Uint8Array): boolean {
  if (bytes.length <= INLINE_BYTES) return false;
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}
