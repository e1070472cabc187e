import { join } from 'node:path';
import type { Config } from '@holdfast/contracts';
import type { Artifacts } from '@holdfast/core';

/** In the bucket at S3_ENDPOINT, or in a folder of DATA_DIR. What is not chosen is not loaded: the SDK of S3 is large. */
export async function openConfiguredArtifacts({
  dataDir,
  s3,
  secrets,
}: Pick<Config, 'dataDir' | 's3' | 'secrets'>): Promise<Artifacts> {
  if (s3 !== null) {
    const { S3ArtifactStore } = await import('../s3/index.ts');
    return new S3ArtifactStore({ ...s3, credentials: secrets.s3 });
  }
  const { FileArtifactStore } = await import('../files/index.ts');
  return new FileArtifactStore(join(dataDir, 'artifacts'));
}
