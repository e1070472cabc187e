import type { RunEvent } from '@holdfast/contracts';
import { ArtifactDamaged, type ArtifactStore } from '../log/artifact-store.ts';
import { payloadDigest } from '../log/event-codec.ts';
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
  const digests = new Set<string>();
  for (const payload of payloads) {
    const digest = payloadDigest(payload);
    if (digest !== null) digests.add(digest);
  }
  for (const event of events) collect(event.data, digests);
  const left = [...digests];
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

/** Digests of the file and image parts anywhere in an event's facts. */
function collect(value: unknown, digests: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (
    'type' in value &&
    (value.type === 'artifact' || value.type === 'image') &&
    'digest' in value &&
    typeof value.digest === 'string'
  )
    digests.add(value.digest);
  for (const item of Object.values(value)) collect(item, digests);
}
