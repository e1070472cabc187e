import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import { uploadOf } from './upload-of.ts';
import type { Upload, UploadStore } from './upload-store.ts';

/**
 * The uploads that a run is to have.
 * @throws HoldfastError `upload_not_found`, `upload_incomplete`.
 */
export async function wantedUploads(
  uploads: Pick<UploadStore, 'get'>,
  scope: TenantScope,
  ids: readonly string[],
): Promise<Upload[]> {
  const wanted: Upload[] = [];
  for (const id of ids) {
    const upload = await uploadOf(uploads, scope, id);
    if (upload.completedAt === null)
      throw refused(
        'upload_incomplete',
        `Upload ${id} is not complete. Send its bytes, complete it, then start the run.`,
      );
    wanted.push(upload);
  }
  return wanted;
}
