import { createHash } from 'node:crypto';
import { type Agent } from 'node:http';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import {
  ArtifactDamaged,
  artifactKey,
  ArtifactRefused,
  artifactRun,
  type Artifacts,
  ArtifactsUnavailable,
  artifactTenant,
  CheckedBytes,
  isArtifactDigest,
  isArtifactFolder,
  lastWhenRight,
  type OpenedArtifact,
  type RunRef,
  type SignedRequest,
  type StoredFile,
  type TenantScope,
} from '@holdfast/core';
import { type Clients, clientsOf, closeClients, SOCKETS } from './client.ts';
import { encryptionHeaders, encryptionOf } from './encryption.ts';
import { explainFailure, isMissing, nameOf } from './explain-failure.ts';
import { removalsEnded, REMOVE_WITHIN_MS, removeStray } from './remove-stray.ts';
import type { S3Settings } from './settings.ts';
import {
  abortUpload,
  type Head,
  headOf,
  isAnythingUnder,
  objectsUnder,
  removeUnder,
  removeVersions,
  uploadsUnder,
} from './stored-files.ts';
import { StreamPlaces } from './stream-places.ts';

/** Two of these, and the one that is being filled, are in memory for each upload. Of 10,000 at most: 80 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
/** In a process, which grows by 560 MB for so many; Compose gives an API 1 GB. */
const UPLOADS_AT_ONCE = 16;
/** Each has a connection of those for reading, so that none waits for one. */
const DOWNLOADS_AT_ONCE = SOCKETS;
const STREAM_WAIT_MS = 5_000;
const PING_MS = 5_000;

export interface S3Options {
  /** How long a write waits at most for a removal of its file that has not ended, ms: longer than one can take. */
  readonly removalMs?: number;
  /** How long an upload or a download waits for its place, ms. */
  readonly streamWaitMs?: number;
  readonly agent?: Agent;
}

/** What is not finished: bytes that came by an upload link and were not looked at, a removal, or parts. */
const unfinished = /^\.([0-9a-f]{64})\.(?:incoming|removing\.[0-9a-f-]{36}|multipart\.([^/]{1,1024}))$/;

/**
 * Artifacts in a bucket: `<tenant>/<run>/<digest>`. S3 shows an object only when all of it is durable; nothing gets the
 * name of a digest whose bytes were not seen to have it.
 */
export class S3ArtifactStore implements Artifacts {
  readonly clients: Clients;
  readonly #settings: S3Settings;
  readonly #removalMs: number;
  readonly #uploads: StreamPlaces;
  readonly #downloads: StreamPlaces;

  constructor(
    settings: S3Settings,
    { removalMs = 6 * REMOVE_WITHIN_MS, streamWaitMs = STREAM_WAIT_MS, agent }: S3Options = {},
  ) {
    this.#uploads = new StreamPlaces('uploads', UPLOADS_AT_ONCE, streamWaitMs);
    this.#downloads = new StreamPlaces('downloads', DOWNLOADS_AT_ONCE, streamWaitMs);
    this.clients = clientsOf(settings, agent);
    this.#settings = settings;
    this.#removalMs = removalMs;
  }

  async put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void> {
    const key = artifactKey(ref, digest);
    if (createHash('sha256').update(bytes).digest('hex') !== digest)
      throw new ArtifactRefused(`the bytes do not have the digest ${digest}`);
    await this.#asked(() => this.clients.main.send(new PutObjectCommand({ ...this.#object(key), Body: bytes })));
    await this.#confirm(key);
  }

  async putStream(ref: RunRef, digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<number> {
    const key = artifactKey(ref, digest);
    const source = new CheckedBytes(bytes, digest, most, createHash('sha256'));
    const upload = new Upload({
      client: this.clients.main,
      params: { ...this.#object(key), Body: Readable.from(source, { objectMode: false }) },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    await this.#uploads.take(ref);
    try {
      await this.#asked(() => upload.done());
    } catch (error) {
      // The store was told to forget what it had; why is what counts.
      throw source.failure ?? error;
    } finally {
      this.#uploads.leave(ref);
    }
    await this.#confirm(key);
    return source.size;
  }

  async get(ref: RunRef, digest: string): Promise<Uint8Array | null> {
    const key = artifactKey(ref, digest);
    const bytes = await this.#asked(async () => {
      const { Body } = await this.clients.main.send(new GetObjectCommand(this.#at(key)));
      return (await Body?.transformToByteArray()) ?? null;
    });
    if (bytes === null) return null;
    if (createHash('sha256').update(bytes).digest('hex') !== digest) throw damaged(key);
    return bytes;
  }

  async open(ref: RunRef, digest: string): Promise<OpenedArtifact | null> {
    const key = artifactKey(ref, digest);
    const found = await this.#head(key);
    if (found === null) {
      // A HEAD cannot say whether the file or the whole bucket is missing.
      await this.#asked(() => this.clients.main.send(new ListObjectsV2Command({ ...this.#bucket(), MaxKeys: 1 })));
      return null;
    }
    return { size: found.size, bytes: this.#read(ref, key, digest) };
  }

  /** Inside the store: nothing passes through here. What is damaged stays so, and is found by whoever reads it. */
  async copy(from: RunRef, to: RunRef, digest: string): Promise<boolean> {
    const target = artifactKey(to, digest);
    return this.#copy(artifactKey(from, digest), target);
  }

  async downloadLink(ref: RunRef, digest: string, name: string, seconds: number): Promise<SignedRequest | null> {
    const command = new GetObjectCommand({
      ...this.#at(artifactKey(ref, digest)),
      // The bytes came from a model or a tool: no browser may show them as a page of the store.
      ResponseContentType: 'application/octet-stream',
      ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    });
    const { signing } = this.clients;
    if (signing === null) return null;
    const url = await this.#asked(() => getSignedUrl(signing, command, { expiresIn: seconds }));
    return url === null ? null : { url, headers: {} };
  }

  async uploadLink(ref: RunRef, digest: string, size: number, seconds: number): Promise<SignedRequest | null> {
    const command = new PutObjectCommand({ ...this.#object(this.#incoming(ref, digest)), ContentLength: size });
    const { signing } = this.clients;
    if (signing === null) return null;
    const url = await this.#asked(() => getSignedUrl(signing, command, { expiresIn: seconds }));
    return url === null ? null : { url, headers: encryptionHeaders(this.#settings) };
  }

  async accept(ref: RunRef, digest: string, size: number): Promise<'there' | 'absent' | 'wrong'> {
    const key = artifactKey(ref, digest);
    const found = await this.#head(key);
    if (found !== null) return found.size === size ? 'there' : 'wrong';
    const incoming = this.#incoming(ref, digest);
    const sent = await this.#head(incoming);
    if (sent === null) return 'absent';
    const isRight = sent.size === size && (await this.#hasDigest(ref, incoming, digest, sent.etag));
    // Whoever has the link may send other bytes meanwhile: those that were read are copied, or none.
    const copied = isRight && (await this.#copy(incoming, key, sent.etag));
    await this.#removeUnfinished(incoming);
    // Somebody who asked at the same time may have been quicker.
    return copied || (await this.#head(key))?.size === size ? 'there' : 'wrong';
  }

  async *runs(): AsyncGenerator<RunRef, void, undefined> {
    const { main } = this.clients;
    const { bucket } = this.#settings;
    // Of those that have nothing but parts: few, and so kept in memory.
    const unfinishedRuns = new Map<string, RunRef>();
    let last = '';
    try {
      for await (const { key } of uploadsUnder(main, bucket, '')) {
        const ref = runOf(key);
        if (ref !== null) unfinishedRuns.set(artifactRun(ref), ref);
      }
      // Every key is read: some servers list folders, too, out of which all was removed.
      for await (const { key } of objectsUnder(main, bucket, '')) {
        const ref = runOf(key);
        if (ref === null || artifactRun(ref) === last) continue;
        last = artifactRun(ref);
        unfinishedRuns.delete(last);
        yield ref;
      }
    } catch (error) {
      throw this.#unavailable(error);
    }
    yield* unfinishedRuns.values();
  }

  async files(ref: RunRef): Promise<readonly StoredFile[]> {
    const prefix = `${artifactRun(ref)}/`;
    const { main } = this.clients;
    const { bucket } = this.#settings;
    const files: StoredFile[] = [];
    try {
      for await (const { key, at } of objectsUnder(main, bucket, prefix)) {
        const name = key.slice(prefix.length);
        if (isArtifactDigest(name)) files.push({ name, digest: name, writtenAt: at });
        else if (unfinished.test(name)) files.push({ name, digest: null, writtenAt: at });
      }
      for await (const { key, uploadId, at } of uploadsUnder(main, bucket, prefix)) {
        const name = `.${key.slice(prefix.length)}.multipart.${uploadId}`;
        if (unfinished.test(name)) files.push({ name, digest: null, writtenAt: at });
      }
    } catch (error) {
      throw this.#unavailable(error);
    }
    return files;
  }

  async remove(ref: RunRef, { name, writtenAt }: StoredFile): Promise<void> {
    const folder = artifactRun(ref);
    const [, digest, uploadId] = unfinished.exec(name) ?? [];
    if (!isArtifactDigest(name) && digest === undefined) throw new ArtifactRefused('not a file of this store');
    const { main } = this.clients;
    const { bucket } = this.#settings;
    const key = `${folder}/${name}`;
    if (digest === undefined) await this.#asked(() => removeStray(this.clients, this.#settings, key, writtenAt));
    else if (uploadId !== undefined)
      await this.#asked(() => abortUpload(main, bucket, `${folder}/${digest}`, uploadId));
    // Nobody writes these again after so long: links are good for an hour, and marks have names of their own.
    else if ((await this.#head(key))?.writtenAt === writtenAt) await this.#removeUnfinished(key);
  }

  async removeRun(ref: RunRef): Promise<void> {
    const prefix = `${artifactRun(ref)}/`;
    await this.#asked(() => removeUnder(this.clients.main, this.#settings.bucket, prefix));
  }

  async removeTenant(scope: TenantScope): Promise<void> {
    const prefix = `${artifactTenant(scope)}/`;
    await this.#asked(() => removeUnder(this.clients.main, this.#settings.bucket, prefix));
  }

  async hasTenant(scope: TenantScope): Promise<boolean> {
    const prefix = `${artifactTenant(scope)}/`;
    return (await this.#asked(() => isAnythingUnder(this.clients.main, this.#settings.bucket, prefix))) ?? false;
  }

  async ping(): Promise<void> {
    const abortSignal = AbortSignal.timeout(PING_MS);
    try {
      await this.clients.main.send(new HeadBucketCommand(this.#bucket()), { abortSignal });
    } catch {
      // A HEAD cannot say what is wrong.
      const list = new ListObjectsV2Command({ ...this.#bucket(), MaxKeys: 1 });
      await this.#asked(() => this.clients.main.send(list, { abortSignal }));
    }
  }

  close(): Promise<void> {
    closeClients(this.clients);
    return Promise.resolve();
  }

  /** Of what was written just now: somebody may have taken it for a stray. */
  async #confirm(key: string): Promise<void> {
    await this.#asked(() => removalsEnded(this.clients.main, this.#settings.bucket, key, this.#removalMs));
    if ((await this.#head(key)) === null)
      throw new ArtifactsUnavailable(`${key} was removed as a stray while it was written. Write it again`);
  }

  /** `etag`: only when it is still that. */
  async #copy(source: string, target: string, etag?: string): Promise<boolean> {
    const command = new CopyObjectCommand({
      ...this.#object(target),
      CopySource: `${this.#settings.bucket}/${source}`,
      ...(etag === undefined ? {} : { CopySourceIfMatch: etag }),
    });
    try {
      await this.clients.copying.send(command);
    } catch (error) {
      if (isMissing(error) || nameOf(error) === 'PreconditionFailed') return false;
      throw this.#unavailable(error);
    }
    await this.#confirm(target);
    return true;
  }

  async #removeUnfinished(key: string): Promise<void> {
    const { main } = this.clients;
    await this.#asked(async () => {
      await main.send(new DeleteObjectCommand(this.#at(key)));
      await removeVersions(main, this.#settings.bucket, key);
    });
  }

  async #head(key: string): Promise<Head | null> {
    return this.#asked(() => headOf(this.clients.main, this.#settings.bucket, key));
  }

  async #hasDigest(ref: RunRef, key: string, digest: string, etag: string): Promise<boolean> {
    try {
      for await (const _ of this.#read(ref, key, digest, etag));
      return true;
    } catch (error) {
      if (error instanceof ArtifactDamaged) return false;
      throw error;
    }
  }

  /** Asked for with the first piece, so that no connection is held where none is. */
  async *#read(ref: RunRef, key: string, digest: string, etag?: string): AsyncGenerator<Uint8Array, void, undefined> {
    const hash = createHash('sha256');
    await this.#downloads.take(ref);
    try {
      const ifMatch = etag === undefined ? {} : { IfMatch: etag };
      const { Body } = await this.clients.reading.send(new GetObjectCommand({ ...this.#at(key), ...ifMatch }));
      if (!(Body instanceof Readable)) throw new Error('the store sent no body');
      // Left early, it is destroyed, and its connection with it.
      yield* lastWhenRight(
        Body as AsyncIterable<Uint8Array>,
        (piece) => hash.update(piece),
        () => hash.digest('hex') === digest,
        () => damaged(key),
      );
    } catch (error) {
      throw error instanceof ArtifactDamaged ? error : this.#unavailable(error);
    } finally {
      this.#downloads.leave(ref);
    }
  }

  /** null when there is no such object. @throws ArtifactsUnavailable */
  async #asked<T>(ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      if (isMissing(error)) return null;
      throw this.#unavailable(error);
    }
  }

  #unavailable(error: unknown): ArtifactsUnavailable {
    return new ArtifactsUnavailable(explainFailure(error, this.#settings), { cause: error });
  }

  #bucket(): { readonly Bucket: string } {
    return { Bucket: this.#settings.bucket };
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { ...this.#bucket(), Key: key };
  }

  #object(key: string) {
    return { ...this.#at(key), ContentType: 'application/octet-stream', ...encryptionOf(this.#settings) };
  }

  #incoming(ref: RunRef, digest: string): string {
    artifactKey(ref, digest);
    return `${artifactRun(ref)}/.${digest}.incoming`;
  }
}

/** Whose file it is; null for what this store has not written. */
function runOf(key: string): RunRef | null {
  const [tenant = '', run = '', name = '', ...rest] = key.split('/');
  const isOurs = rest.length === 0 && (isArtifactDigest(name) || unfinished.test(name));
  return isOurs && isArtifactFolder(tenant) && isArtifactFolder(run) ? { tenant, run } : null;
}

const damaged = (key: string): ArtifactDamaged => new ArtifactDamaged(`the artifact no longer has its digest: ${key}`);
