import type { RunEvent } from '@holdfast/contracts';
import { ArtifactDamaged, type ArtifactStore } from '../log/artifact-store.ts';
import { fileDigests } from '../log/file-digests.ts';
import type { RunRef } from '../tenant-scope.ts';

const AT_ONCE = 8;

/**
 * Copies what the events refer to, large payloads and files, from one run's prefix to another's: runs share nothing,
 * so that each can be deleted alone. What the source has lost is left out.
 */
export async function copyFiles(
  artifacts: ArtifactStore,
  from: RunRef,
  to: RunRef,
  payloads: readonly string[],
  events: readonly RunEvent[],
): Promise<void> {
  const left = [...fileDigests(payloads, events)];
  const copyNext = async (): Promise<void> => {
    for (let digest = left.pop(); digest !== undefined; digest = left.pop()) {
      const bytes = await artifacts.get(from, digest).catch((error: unknown) => {
        if (error instanceof ArtifactDamaged) return null;
        throw error;
      });
      if (bytes !== null) await artifacts.put(to, digest, bytes);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copyNext));
}
