import type { ArtifactStore } from '../log/artifact-store.ts';
import { patiently, type Patience } from './patiently.ts';

/** The same files; while the store is away, what is to be written is kept in memory and tried again within the patience. */
export const patientArtifacts = (store: ArtifactStore, patience: Patience): ArtifactStore => ({
  put: (ref, digest, bytes) => patiently(patience, () => store.put(ref, digest, bytes)),
  get: async (ref, digest) => {
    // No file is an answer, too.
    const { bytes } = await patiently(patience, async () => ({ bytes: await store.get(ref, digest) }));
    return bytes;
  },
  copy: (from, to, digest) => patiently(patience, () => store.copy(from, to, digest)),
});
