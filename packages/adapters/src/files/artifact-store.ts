import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
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
  type StoredFile,
  type TenantScope,
} from '@holdfast/core';

/** What a put leaves that dies, or a removal. */
const temporaryName = /^\.([0-9a-f]{64})\.[0-9a-f-]{36}$/;

/**
 * Artifacts in a directory: `<root>/<tenant>/<run>/<digest>`.
 * A file appears under its name only when its bytes are on disk; so what can be read is whole.
 */
export class FileArtifactStore implements Artifacts {
  readonly #root: string;

  /** @param root made at the first put when it is missing */
  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** Throws `ArtifactRefused` for a malformed id or when the bytes do not have this digest. */
  async put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void> {
    const file = this.#file(ref, digest);
    if (sha256(bytes) !== digest) throw new ArtifactRefused(`the bytes do not have the digest ${digest}`);

    await this.#write(file, digest, [bytes]);
  }

  async putStream(ref: RunRef, digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<number> {
    const file = this.#file(ref, digest);
    const source = new CheckedBytes(bytes, digest, most, createHash('sha256'));
    await this.#write(file, digest, source);
    return source.size;
  }

  async copy(from: RunRef, to: RunRef, digest: string): Promise<boolean> {
    const found = await this.open(from, digest);
    if (found === null) return false;
    try {
      await this.putStream(to, digest, found.bytes, found.size);
      return true;
    } catch (error) {
      if (error instanceof ArtifactDamaged) return false;
      throw error;
    }
  }

  /** Throws `ArtifactRefused` for a malformed id, `ArtifactDamaged` when the file no longer has its digest. */
  async get(ref: RunRef, digest: string): Promise<Uint8Array | null> {
    const file = this.#file(ref, digest);
    const bytes = await unlessMissing(readFile(file));
    if (bytes === null) return null;
    if (sha256(bytes) !== digest) throw new ArtifactDamaged(`the artifact no longer has its digest: ${file}`);
    return bytes;
  }

  async open(ref: RunRef, digest: string): Promise<OpenedArtifact | null> {
    const path = this.#file(ref, digest);
    const found = await unlessMissing(stat(path));
    return found === null ? null : { size: found.size, bytes: verified(path, digest) };
  }

  /** A folder has no address that others could be sent to. */
  downloadLink(): Promise<null> {
    return Promise.resolve(null);
  }

  uploadLink(): Promise<null> {
    return Promise.resolve(null);
  }

  /** What has its name was verified before it got it. */
  async accept(ref: RunRef, digest: string, size: number): Promise<'there' | 'absent' | 'wrong'> {
    const found = await unlessMissing(stat(this.#file(ref, digest)));
    if (found === null) return 'absent';
    return found.size === size ? 'there' : 'wrong';
  }

  async ping(): Promise<void> {
    try {
      await unlessMissing(access(this.#root, constants.R_OK | constants.W_OK));
    } catch (error) {
      throw new ArtifactsUnavailable(`the folder ${this.#root} of the artifacts cannot be written`, { cause: error });
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async *runs(): AsyncGenerator<RunRef, void, undefined> {
    for await (const tenant of foldersIn(this.#root))
      for await (const run of foldersIn(join(this.#root, tenant))) yield { tenant, run };
  }

  /** Throws `ArtifactRefused` for a malformed id, as do the next two. */
  async files(ref: RunRef): Promise<readonly StoredFile[]> {
    const folder = this.#folder(ref);
    const names = (await unlessMissing(readdir(folder))) ?? [];
    const files = await Promise.all(
      names
        .filter((name) => isArtifactDigest(name) || temporaryName.test(name))
        .map(async (name) => {
          const found = await unlessMissing(stat(join(folder, name)));
          const digest = isArtifactDigest(name) ? name : null;
          return found === null ? [] : [{ name, digest, writtenAt: found.mtimeMs }];
        }),
    );
    return files.flat();
  }

  async remove(ref: RunRef, { name, writtenAt }: StoredFile): Promise<void> {
    if (!isArtifactDigest(name) && !temporaryName.test(name)) throw new ArtifactRefused('not a file of this store');
    const folder = this.#folder(ref);
    const file = join(folder, name);
    if ((await unlessMissing(stat(file)))?.mtimeMs !== writtenAt) return;
    // A put may replace it between a look and a removal. So it is taken aside, and what proves to be another is put back.
    const aside = join(folder, `.${name.replace(temporaryName, '$1')}.${randomUUID()}`);
    if ((await unlessMissing(rename(file, aside).then(() => true))) === null) return;
    if ((await stat(aside)).mtimeMs !== writtenAt) {
      await rename(aside, file);
      return syncFolder(folder);
    }
    await rm(aside, { force: true });
    await removeEmpty(folder);
  }

  async removeRun(ref: RunRef): Promise<void> {
    const folder = this.#folder(ref);
    await rm(folder, { recursive: true, force: true });
    // Or a loss of power would bring it back, when nobody looks for it any more.
    await unlessMissing(syncFolder(dirname(folder)));
  }

  async removeTenant(scope: TenantScope): Promise<void> {
    await rm(this.#tenantFolder(scope), { recursive: true, force: true });
    await unlessMissing(syncFolder(this.#root));
  }

  async hasTenant(scope: TenantScope): Promise<boolean> {
    return (await unlessMissing(stat(this.#tenantFolder(scope)))) !== null;
  }

  /** Writes a temporary file, which takes its place when that has ended well. */
  async #write(file: string, digest: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const folder = dirname(file);
    const temporary = join(folder, `.${digest}.${randomUUID()}`);
    const { opened, firstMade } = await openIn(folder, temporary);
    try {
      await writeSynced(opened, bytes);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    // A name is durable only when its folder is; another put may have made the upper ones and not synced them yet.
    await syncFolder(folder);
    await syncFolder(dirname(folder));
    await syncFolder(this.#root);
    if (firstMade !== undefined) await syncFolder(dirname(firstMade));
  }

  #file(ref: RunRef, digest: string): string {
    return join(this.#root, artifactKey(ref, digest));
  }

  #folder(ref: RunRef): string {
    return join(this.#root, artifactRun(ref));
  }

  #tenantFolder(scope: TenantScope): string {
    return join(this.#root, artifactTenant(scope));
  }
}

/** Names of the folders in a folder, in no order; none when it is missing. */
async function* foldersIn(path: string): AsyncGenerator<string, void, undefined> {
  const folder = await unlessMissing(opendir(path));
  if (folder === null) return;
  for await (const entry of folder) if (entry.isDirectory() && isArtifactFolder(entry.name)) yield entry.name;
}

/** null when there is no such file or folder. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isOneOf(error, ['ENOENT'])) return null;
    throw error;
  }
}

const isOneOf = (error: unknown, codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Opened with the first piece that is asked for, so that nothing is left open where none is. */
async function* verified(path: string, digest: string): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  yield* lastWhenRight(
    createReadStream(path) as AsyncIterable<Uint8Array>,
    (piece) => hash.update(piece),
    () => hash.digest('hex') === digest,
    () => new ArtifactDamaged(`the artifact no longer has its digest: ${path}`),
  );
}

/** In a folder that is made for it. Whoever removes its last stray may remove it in between. */
async function openIn(
  folder: string,
  path: string,
): Promise<{ readonly opened: FileHandle; readonly firstMade: string | undefined }> {
  for (;;) {
    const firstMade = await mkdir(folder, { recursive: true });
    const opened = await unlessMissing(open(path, 'wx', 0o600));
    if (opened !== null) return { opened, firstMade };
  }
}

async function writeSynced(file: FileHandle, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  try {
    for await (const piece of bytes) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** One that has become empty. It need not last: whoever looks for strays finds it again. */
async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!isOneOf(error, ['ENOTEMPTY', 'EEXIST', 'ENOENT'])) throw error;
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
