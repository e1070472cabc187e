import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ArtifactDamaged, type ArtifactStore, type RunRef } from '@holdfast/core';

/**
 * Lower case only: on a file system that ignores case, `A` and `a` would share a folder.
 * A leading dot is refused, which covers `.`, `..` and our own temporary names.
 */
const folderName = /^[a-z0-9_-][a-z0-9._-]{0,127}$/;
const digestName = /^[0-9a-f]{64}$/;

/**
 * Artifacts in a directory: `<root>/<tenant>/<run>/<digest>`.
 * A file appears under its name only when its bytes are on disk; so what can be read is whole.
 */
export class FileArtifactStore implements ArtifactStore {
  readonly #root: string;

  /** @param root made at the first put when it is missing */
  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** Throws `ArtifactRefused` for a malformed id or when the bytes do not have this digest. */
  async put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void> {
    const file = this.#file(ref, digest);
    if (sha256(bytes) !== digest) throw new ArtifactRefused(`the bytes do not have the digest ${digest}`);

    const folder = dirname(file);
    const firstMade = await mkdir(folder, { recursive: true });
    const temporary = join(folder, `.${digest}.${randomUUID()}`);
    try {
      await writeSynced(temporary, bytes);
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

  /** Throws `ArtifactRefused` for a malformed id, `ArtifactDamaged` when the file no longer has its digest. */
  async get(ref: RunRef, digest: string): Promise<Uint8Array | null> {
    const file = this.#file(ref, digest);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(file);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
    if (sha256(bytes) !== digest) throw new ArtifactDamaged(`the artifact no longer has its digest: ${file}`);
    return bytes;
  }

  #file(ref: RunRef, digest: string): string {
    for (const [what, id] of [
      ['tenant', ref.tenant],
      ['run', ref.run],
    ] as const) {
      if (!folderName.test(id)) throw new ArtifactRefused(`not a ${what} id: ${JSON.stringify(id.slice(0, 200))}`);
    }
    if (!digestName.test(digest)) throw new ArtifactRefused(`not a digest: ${JSON.stringify(digest.slice(0, 200))}`);
    return join(this.#root, ref.tenant, ref.run, digest);
  }
}

/** The caller's fault: an id that is none, or bytes under a digest that is not theirs. */
export class ArtifactRefused extends Error {
  override readonly name = 'ArtifactRefused';
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
