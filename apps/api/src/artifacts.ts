import { join } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import type { Config } from '@holdfast/contracts';
import type { Artifacts } from '@holdfast/core';

/** In the bucket at S3_ENDPOINT, or in a folder of DATA_DIR. */
export async function configuredArtifacts(config: Config): Promise<Artifacts> {
  if (config.s3 === null) return new FileArtifactStore(join(config.dataDir, 'artifacts'));
  // A large library, which nobody else needs in memory.
  const { S3ArtifactStore } = await import('@holdfast/adapters/s3');
  return new S3ArtifactStore({ ...config.s3, credentials: config.secrets.s3 });
}
