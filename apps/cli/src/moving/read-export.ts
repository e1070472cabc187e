import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import type { ArtifactStreams } from '@holdfast/core';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { hashOfFile } from '../hash-of-file.ts';
import { linesOf } from './line-file.ts';
import { type Manifest, manifest, MANIFEST_FORMAT } from './manifest.ts';

export interface ReadExport {
  readonly manifest: Manifest;
  /** JSON texts. */
  readonly rows: (table: string) => AsyncIterable<string>;
  readonly artifactLines: () => AsyncIterable<string>;
  readonly artifacts: Pick<ArtifactStreams, 'open'>;
}

/** An export whose lists are all there, as they were written; its artifacts are looked at one by one later. @throws Failure. */
export async function readExport(folder: string): Promise<ReadExport> {
  const found = await manifestOf(folder);
  const listed = [
    ...Object.entries(found.tables).map(([name, file]) => [tableFile(name), file] as const),
    ['artifacts.jsonl', found.artifacts] as const,
  ];
  for (const [name, { bytes, sha256 }] of listed) {
    const path = join(folder, name);
    const size = (await stat(path).catch(() => null))?.size;
    if (size !== bytes || (await hashOfFile(path)) !== sha256)
      throw new Failure(`${path} is not as it was written: bring it again, or export again.`);
  }
  return {
    manifest: found,
    rows: (table) => linesOf(join(folder, tableFile(table))),
    artifactLines: () => linesOf(join(folder, 'artifacts.jsonl')),
    artifacts: new FileArtifactStore(join(folder, 'artifacts')),
  };
}

const tableFile = (table: string): string => join('tables', `${table}.jsonl`);

async function manifestOf(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => null);
  if (text === null) throw new Failure(`${folder} is no export: it has no manifest.json.`);
  const parsed = manifest.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new Failure(
    `${join(folder, 'manifest.json')} is not of an export of format ${MANIFEST_FORMAT}: ${z.prettifyError(parsed.error)}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
