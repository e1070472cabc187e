import type { TenantScope } from '../tenant-scope.ts';

/** A file on its way into a run. Times are ms since 1970. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  /** bytes */
  readonly size: number;
  /** SHA-256 of the bytes, lower-case hex */
  readonly digest: string;
  readonly createdAt: number;
  /** No longer there from then on. */
  readonly expiresAt: number;
  /** null: its bytes were not seen yet. */
  readonly completedAt: number | null;
}

export type NewUpload = Pick<Upload, 'id' | 'name' | 'mediaType' | 'size' | 'digest'>;

export interface UploadStore {
  /** `lifeMs`: from now to its expiry. */
  create(scope: TenantScope, upload: NewUpload, lifeMs: number): Promise<Upload>;
  /** null when the tenant has none of this id, or it has expired. */
  get(scope: TenantScope, id: string): Promise<Upload | null>;
  /** Its bytes are there. May be said again. null as above. */
  complete(scope: TenantScope, id: string): Promise<Upload | null>;
}
