import type { RunRef } from '../tenant-scope.ts';

/** Files of a run, content-addressed, keyed tenant/run/digest; never shared across runs or tenants. */
export interface ArtifactStore {
  /** Durable when it returns. Writing the same bytes again is harmless. */
  put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void>;
  /** null when there is no such file. @throws ArtifactDamaged when its bytes are no longer those of its digest. */
  get(ref: RunRef, digest: string): Promise<Uint8Array | null>;
}

/** The file no longer has its digest. */
export class ArtifactDamaged extends Error {
  override readonly name = 'ArtifactDamaged';
  readonly code = 'artifact_damaged';
}
