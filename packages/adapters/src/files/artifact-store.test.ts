import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactStoreConformance, digestOf } from '@holdfast/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileArtifactStore } from './artifact-store.ts';

artifactStoreConformance('a directory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-artifacts-'));
  const root = join(folder, 'made', 'when-needed');
  return {
    store: new FileArtifactStore(root),
    reopen: async () => new FileArtifactStore(root),
    age: async ({ tenant, run }, name, ms) => {
      const file = join(root, tenant, run, name);
      const at = new Date((await stat(file)).mtimeMs - ms);
      await utimes(file, at, at);
    },
    interrupt: async ({ tenant, run }, digest) => {
      await mkdir(join(root, tenant, run), { recursive: true });
      await writeFile(join(root, tenant, run, `.${digest}.${randomUUID()}`), 'half');
    },
    damage: ({ tenant, run }, digest, bytes) => writeFile(join(root, tenant, run, digest), bytes),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

describe('FileArtifactStore', () => {
  const ref = { tenant: 'acme', run: 'r1' };
  const bytes = new TextEncoder().encode('text');
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'holdfast-artifacts-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('leaves one file under its digest and nothing beside it', async () => {
    await new FileArtifactStore(root).put(ref, digestOf(bytes), bytes);
    expect(await readdir(root, { recursive: true })).toEqual(['acme', 'acme/r1', `acme/r1/${digestOf(bytes)}`]);
  });

  it('leaves no temporary file when the write fails', async () => {
    // A folder stands where the file should go, so the rename fails.
    const file = join(root, 'acme', 'r1', digestOf(bytes));
    await new FileArtifactStore(root).put(ref, digestOf(new Uint8Array(1)), new Uint8Array(1));
    await writeFolder(file);
    await expect(new FileArtifactStore(root).put(ref, digestOf(bytes), bytes)).rejects.toThrow(/EISDIR|ENOTEMPTY/);
    const names = await readdir(join(root, 'acme', 'r1'));
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('leaves alone what it has not written', async () => {
    const store = new FileArtifactStore(root);
    await store.put(ref, digestOf(bytes), bytes);
    for (const name of ['notes.txt', '.hidden']) await writeFile(join(root, 'acme', 'r1', name), '');
    await writeFile(join(root, 'acme', 'file'), '');
    await mkdir(join(root, 'Not a tenant', 'x'), { recursive: true });
    const runs: unknown[] = [];
    for await (const run of store.runs()) runs.push(run);
    expect(runs).toEqual([ref]);
    expect((await store.files(ref)).map(({ name }) => name)).toEqual([digestOf(bytes)]);
  });

  it('keeps what is written again while it is removed', async () => {
    const store = new FileArtifactStore(root);
    const file = join(root, 'acme', 'r1', digestOf(bytes));
    for (let index = 0; index < 200; index += 1) {
      await store.put(ref, digestOf(bytes), bytes);
      await utimes(file, 1, 1);
      const [old] = await store.files(ref);
      if (old === undefined) throw new Error('the file was not named');
      await writeFile(join(root, 'fresh'), bytes);
      const removal = store.remove(ref, old);
      // The last thing that a put does, at another moment of the removal each time.
      for (let turn = 0; turn < index % 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      renameSync(join(root, 'fresh'), file);
      await removal;
      expect(await readdir(join(root, 'acme', 'r1'))).toEqual([digestOf(bytes)]);
    }
  });
});

async function writeFolder(path: string): Promise<void> {
  await mkdir(path);
  await writeFile(join(path, 'x'), '');
}
