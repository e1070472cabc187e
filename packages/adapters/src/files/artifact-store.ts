import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, opendir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  ArtifactDamaged,
  type ArtifactStore,
  type RunRef,
  type StoredFile,
  type StoredFiles,
  type TenantScope,
} from '@holdfast/core';

/**
 * Lower case only: on a file system that ignores case, `A` and `a` would share a folder.
 * A leading dot is refused, which covers `.`, `..` and our own temporary names.
 */
const folderName = /^[a-z0-9_-][a-z0-9._-]{0,127}$/;
const digestName = /^[0-9a-f]{64}$/;
/** What a put leaves that dies, or a removal. */
const temporaryName = /^\.([0-9a-f]{64})\.[0-9a-f-]{36}$/;

/**
 * Artifacts in a directory: `<root>/<tenant>/<run>/<digest>`.
 * A file appears under its name only when its bytes are on disk; so what can be read is whole.
 */
export class FileArtifactStore implements ArtifactStore, StoredFiles {
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
    const bytes = await unlessMissing(readFile(file));
    if (bytes === null) return null;
    if (sha256(bytes) !== digest) throw new ArtifactDamaged(`the artifact no longer has its digest: ${file}`);
    return bytes;
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
        .filter((name) => digestName.test(name) || temporaryName.test(name))
        .map(async (name) => {
          const found = await unlessMissing(stat(join(folder, name)));
          const digest = digestName.test(name) ? name : null;
          return found === null ? [] : [{ name, digest, writtenAt: found.mtimeMs }];
        }),
    );
    return files.flat();
  }

  async remove(ref: RunRef, { name, writtenAt }: StoredFile): Promise<void> {
    if (!digestName.test(name) && !temporaryName.test(name)) throw new ArtifactRefused('not a file of this store');
    const folder = this.#folder(ref);
    const file = join(folder, name);
    if ((await unlessMissing(stat(file)))?.mtimeMs !== writtenAt) return;
    // A put may replace it between a look and a removal. So it is taken aside, and what proves to be another is put back.
    const aside = join(folder, `.${name.replace(temporaryName, '$1')}.${randomUUID()}`);
    if ((await unlessMissing(rename(file, aside).then(() => true))) === null) return;
    if ((await stat(aside)).mtimeMs === writtenAt) return rm(aside, { force: true });
    await rename(aside, file);
    await syncFolder(folder);
  }

  async removeRun(ref: RunRef): Promise<void> {
    const folder = this.#folder(ref);
    await rm(folder, { recursive: true, force: true });
    // Or a loss of power would bring it back, when nobody looks for it any more.
    await unlessMissing(syncFolder(dirname(folder)));
  }

  async removeTenant({ tenant }: TenantScope): Promise<number> {
    const folder = this.#tenantFolder(tenant);
    const entries = (await unlessMissing(readdir(folder, { recursive: true, withFileTypes: true }))) ?? [];
    await rm(folder, { recursive: true, force: true });
    await unlessMissing(syncFolder(this.#root));
    return entries.filter((entry) => entry.isFile()).length;
  }

  async hasTenant({ tenant }: TenantScope): Promise<boolean> {
    return (await unlessMissing(stat(this.#tenantFolder(tenant)))) !== null;
  }

  #file(ref: RunRef, digest: string): string {
    const folder = this.#folder(ref);
    if (!digestName.test(digest)) throw new ArtifactRefused(`not a digest: ${JSON.stringify(digest.slice(0, 200))}`);
    return join(folder, digest);
  }

  #folder({ tenant, run }: RunRef): string {
    return join(this.#tenantFolder(tenant), checked('run', run));
  }

  #tenantFolder(tenant: string): string {
    return join(this.#root, checked('tenant', tenant));
  }
}

/** The caller's fault: an id that is none, or bytes under a digest that is not theirs. */
export class ArtifactRefused extends Error {
  override readonly name = 'ArtifactRefused';
}

function checked(what: 'tenant' | 'run', id: string): string {
  if (!folderName.test(id)) throw new ArtifactRefused(`not a ${what} id: ${JSON.stringify(id.slice(0, 200))}`);
  return id;
}

/** Names of the folders in a folder, in no order; none when it is missing. */
async function* foldersIn(path: string): AsyncGenerator<string, void, undefined> {
  const folder = await unlessMissing(opendir(path));
  if (folder === null) return;
  for await (const entry of folder) if (entry.isDirectory() && folderName.test(entry.name)) yield entry.name;
}

/** null when there is no such file or folder. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
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
