import type { RunRef } from '../tenant-scope.ts';

/** Files of a run, content-addressed, keyed tenant/run/digest; never shared across runs or tenants. */
export interface ArtifactStore {
  /** Durable when it returns. Writing the same bytes again is harmless. */
  put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void>;
  /** null when there is no such file. */
  get(ref: RunRef, digest: string): Promise<Uint8Array | null>;
}
