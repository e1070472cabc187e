import type { ArtifactRow } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { RunDirectory } from './run-directory.ts';
import { notFound } from './speak.ts';

/** Files of a run, oldest first. @throws HoldfastError `run_not_found`. */
export async function listArtifacts(
  directory: Pick<RunDirectory, 'get' | 'artifacts'>,
  ref: RunRef,
): Promise<readonly ArtifactRow[]> {
  if ((await directory.get(ref)) === null) throw notFound(ref);
  return directory.artifacts(ref);
}
