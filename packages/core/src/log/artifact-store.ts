import type { RunRef, TenantScope } from '../tenant-scope.ts';

/**
 * Files of a run, content-addressed, keyed tenant/run/digest; never shared across runs or tenants.
 * Every method may throw `ArtifactsUnavailable`, and `ArtifactRefused` for an id or a digest that is none.
 */
export interface ArtifactStore {
  /** Durable when it returns. Writing the same bytes again is harmless, and makes the file young again. */
  put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void>;
  /** null when there is no such file. @throws ArtifactDamaged when its bytes are no longer those of its digest. */
  get(ref: RunRef, digest: string): Promise<Uint8Array | null>;
  /** As a `put` of what `from` has; false when there is none, or it was found damaged. */
  copy(from: RunRef, to: RunRef, digest: string): Promise<boolean>;
}

/** A file whose bytes come as they are read, no quicker than they are taken. */
export interface OpenedArtifact {
  /** bytes */
  readonly size: number;
  /** It throws `ArtifactDamaged` before the last piece when they are not those of the digest. Whoever stops early leaves nothing open. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The same files, a piece at a time: memory does not grow with the file. */
export interface ArtifactStreams {
  /** As `put`, at most `most` bytes; returns how many came. Nothing is left of bytes that are refused. */
  putStream(ref: RunRef, digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<number>;
  /** null when there is no such file. */
  open(ref: RunRef, digest: string): Promise<OpenedArtifact | null>;
}

/** A request that whoever has it may make at the store itself, without a key of Holdfast. */
export interface SignedRequest {
  readonly url: string;
  /** Sent exactly so, or the store refuses. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a store can hand out so that bytes need not pass through the API. */
export interface ArtifactLinks {
  /** null where the store cannot be reached from outside. `name`: as what browsers save it. */
  downloadLink(ref: RunRef, digest: string, name: string, seconds: number): Promise<SignedRequest | null>;
  /** One PUT of exactly `size` bytes, which count only once `accept` has looked at them. null as above. */
  uploadLink(ref: RunRef, digest: string, size: number, seconds: number): Promise<SignedRequest | null>;
  /** Whether the file is there, with this size and its digest: by `putStream`, or by an upload link, whose bytes are verified here. */
  accept(ref: RunRef, digest: string, size: number): Promise<'there' | 'absent' | 'wrong'>;
}

/** All that one store can do. */
export interface Artifacts extends ArtifactStore, ArtifactStreams, ArtifactLinks, StoredFiles {
  /** A round trip. @throws ArtifactsUnavailable, whose message says why. */
  ping(): Promise<void>;
  close(): Promise<void>;
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
  /** Everything of the tenant, for good. May be done again, and go on where it died. */
  removeTenant(scope: TenantScope): Promise<void>;
  /** Whether anything of the tenant is there, be it an empty folder. */
  hasTenant(scope: TenantScope): Promise<boolean>;
}

/** The caller's fault: an id that is none, or bytes under a digest that is not theirs. */
export class ArtifactRefused extends Error {
  override readonly name = 'ArtifactRefused';
}

/** The store does not answer, or does not let us in. What was sent may or may not be there. */
export class ArtifactsUnavailable extends Error {
  override readonly name: string = 'ArtifactsUnavailable';
  readonly code: 'artifacts_unavailable' | 'artifacts_busy' = 'artifacts_unavailable';
}

/** As many files as one process passes on at once are under way. It did nothing. */
export class ArtifactsBusy extends ArtifactsUnavailable {
  override readonly name = 'ArtifactsBusy';
  override readonly code = 'artifacts_busy';
}

/** The file no longer has its digest. */
export class ArtifactDamaged extends Error {
  override readonly name = 'ArtifactDamaged';
  readonly code = 'artifact_damaged';
}
