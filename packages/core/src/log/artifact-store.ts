import type { RunRef, TenantScope } from '../tenant-scope.ts';

/** Files of a run, content-addressed, keyed tenant/run/digest; never shared across runs or tenants. */
export interface ArtifactStore {
  /** Durable when it returns. Writing the same bytes again is harmless, and makes the file young again. */
  put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void>;
  /** null when there is no such file. @throws ArtifactDamaged when its bytes are no longer those of its digest. */
  get(ref: RunRef, digest: string): Promise<Uint8Array | null>;
}

/** What lies under a run's prefix. */
export interface StoredFile {
  readonly name: string;
  /** null: what a put has left that died. */
  readonly digest: string | null;
  /** ms since 1970, by the store's clock */
  readonly writtenAt: number;
}

/** The same files, seen by those who clean up. */
export interface StoredFiles {
  /** Every run that has files, in no order; also those that exist nowhere else. */
  runs(): AsyncIterable<RunRef>;
  files(ref: RunRef): Promise<readonly StoredFile[]>;
  /** Unless it was written again since. Harmless when it is gone. */
  remove(ref: RunRef, file: StoredFile): Promise<void>;
  /** Everything of the run, for good. May be done again, and go on where it died. */
  removeRun(ref: RunRef): Promise<void>;
  /** Everything of the tenant, for good; how many files that were. May be done again, and go on where it died. */
  removeTenant(scope: TenantScope): Promise<number>;
  /** Whether anything of the tenant is there, be it an empty folder. */
  hasTenant(scope: TenantScope): Promise<boolean>;
}

/** The file no longer has its digest. */
export class ArtifactDamaged extends Error {
  override readonly name = 'ArtifactDamaged';
  readonly code = 'artifact_damaged';
}
