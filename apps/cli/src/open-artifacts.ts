import { join } from 'node:path';
import type { Config } from '@holdfast/contracts';
import type { Artifacts } from '@holdfast/core';

/** Where this installation keeps its artifacts. Loaded only here, since every other command starts quicker without it. */
export async function openArtifacts({ dataDir, s3, secrets }: Config): Promise<Artifacts> {
  if (s3 !== null) {
    const { S3ArtifactStore } = await import('@holdfast/adapters/s3');
    return new S3ArtifactStore({ ...s3, credentials: secrets.s3 });
  }
  const { FileArtifactStore } = await import('@holdfast/adapters/files');
  return new FileArtifactStore(join(dataDir, 'artifacts'));
}
