import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import { type OpenDatabase, readInstallation } from '@holdfast/adapters/postgres';
import { RELEASE } from '@holdfast/contracts';
import type { Artifacts } from '@holdfast/core';
import { Failure } from '../failure.ts';
import { writeLines } from './line-file.ts';
import { type ListedFile, type Manifest, MANIFEST_FORMAT } from './manifest.ts';
import { storedArtifacts } from './moved-artifacts.ts';

export interface ExportOptions {
  readonly moved: boolean;
  /** Whether files of runs come along. */
  readonly files: boolean;
}

/** @throws Failure when something is where the export shall be. */
export async function checkOutput(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => null)) !== null)
    throw new Failure(`${folder} is there already. Name a folder that is not there yet.`);
}

/**
 * Writes an export into a folder beside the one that is asked for, which gets its name only when it is whole: what a
 * process leaves that was killed is thrown away by the next.
 */
export async function writeExport(
  folder: string,
  database: OpenDatabase,
  artifacts: Pick<Artifacts, 'runs' | 'files' | 'open'>,
  { moved, files }: ExportOptions,
): Promise<Manifest> {
  const partial = `${resolve(folder)}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, 'tables'), { recursive: true, mode: 0o700 });
  const written = await readInstallation(database.connections, async ({ rows, tables: names, ...facts }) => {
    const tables: Record<string, ListedFile> = {};
    for (const name of names) tables[name] = await writeLines(join(partial, 'tables', `${name}.jsonl`), rows(name));
    return { ...facts, tables };
  });
  // Behind the tables: the file of an event is there before the event is.
  const into = files ? new FileArtifactStore(join(partial, 'artifacts')) : null;
  const listed = await writeLines(join(partial, 'artifacts.jsonl'), storedArtifacts(artifacts, into));
  const made: Manifest = {
    format: MANIFEST_FORMAT,
    release: RELEASE,
    at: database.clock.now(),
    moved,
    ...written,
    migrations: [...written.migrations],
    sequences: [...written.sequences],
    secret_keys: [...written.secret_keys],
    artifacts: { ...listed, held: files },
  };
  await writeLines(join(partial, 'manifest.json'), one(JSON.stringify(made, null, 2)));
  // Files that are on disk need their names there, too, before the whole gets its own.
  await synced(join(partial, 'tables'));
  await synced(partial);
  await rename(partial, folder);
  await synced(dirname(resolve(folder)));
  return made;
}

async function* one(line: string): AsyncGenerator<readonly string[], void, undefined> {
  yield [line];
}

async function synced(folder: string): Promise<void> {
  const file = await open(folder, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
