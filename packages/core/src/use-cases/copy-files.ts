import type { RunEvent } from '@holdfast/contracts';
import type { ArtifactStore } from '../log/artifact-store.ts';
import { fileDigests } from '../log/file-digests.ts';
import type { RunRef } from '../tenant-scope.ts';

const AT_ONCE = 8;

/**
 * Copies what the events refer to, large payloads and files, from one run's prefix to another's: runs share nothing,
 * so that each can be deleted alone. What the source has lost is left out.
 */
export async function copyFiles(
  artifacts: Pick<ArtifactStore, 'copy'>,
  from: RunRef,
  to: RunRef,
  payloads: readonly string[],
  events: readonly RunEvent[],
): Promise<void> {
  const left = [...fileDigests(payloads, events)];
  const copyNext = async (): Promise<void> => {
    for (let digest = left.pop(); digest !== undefined; digest = left.pop()) await artifacts.copy(from, to, digest);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copyNext));
}
