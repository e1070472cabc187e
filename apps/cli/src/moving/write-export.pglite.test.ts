import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import { migrate, openDatabase } from '@holdfast/adapters/postgres';
import { afterAll, expect, test, vi } from 'vitest';
import { writeExport } from './write-export.ts';

const root = mkdtempSync(join(tmpdir(), 'hf-write-export-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Which file or folder a handle is of stands only there. */
const onLinux = process.platform === 'linux';

test.skipIf(!onLinux)('an export is on disk, with its folders, before it gets its name', async () => {
  const database = await openDatabase('pglite://memory');
  await migrate(database);
  const stored = new FileArtifactStore(join(root, 'artifacts'));
  const ref = { tenant: '01920000-0000-7000-8000-000000000001', run: '01920000-0000-7000-8000-000000000002' };
  await stored.put(ref, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', Buffer.from('abc'));
  const folder = join(root, 'export');
  const probe = await open(root, 'r');
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const before: string[] = [];
  const after: string[] = [];
  vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
    (existsSync(folder) ? after : before).push(relative(root, readlinkSync(`/proc/self/fd/${this.fd}`)));
    await this.datasync();
  });
  try {
    await writeExport(folder, database, stored, { moved: false, files: true });
  } finally {
    vi.restoreAllMocks();
    await database.close();
  }
  // Each folder after what lies in it.
  for (const path of ['export.partial/manifest.json', 'export.partial/tables/runs.jsonl']) {
    expect(before).toContain(path);
    expect(before.lastIndexOf(dirname(path))).toBeGreaterThan(before.lastIndexOf(path));
  }
  expect(before).toContain('export.partial/artifacts');
  expect(after).toEqual(['']);
});
