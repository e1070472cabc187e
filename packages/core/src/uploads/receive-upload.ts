import { ArtifactRefused, type ArtifactStreams } from '../log/artifact-store.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import { placeOf, uploadOf } from './upload-of.ts';
import type { UploadStore } from './upload-store.ts';

/**
 * The bytes of an upload, as they come. Again is harmless.
 * @throws HoldfastError `upload_not_found`, `upload_mismatch`; what `bytes` throws.
 */
export async function receiveUpload(
  { uploads, artifacts }: { readonly uploads: Pick<UploadStore, 'get'>; readonly artifacts: ArtifactStreams },
  scope: TenantScope,
  id: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const upload = await uploadOf(uploads, scope, id);
  try {
    await artifacts.putStream(placeOf(scope, upload), upload.digest, bytes, upload.size);
  } catch (error) {
    if (error instanceof ArtifactRefused) throw refused('upload_mismatch', `Upload ${id}: ${error.message}.`);
    throw error;
  }
}
