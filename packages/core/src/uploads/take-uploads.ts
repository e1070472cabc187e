import type { ArtifactPart } from '@holdfast/contracts';
import type { ArtifactStore } from '../log/artifact-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import { noUpload, placeOf, uploadOf } from './upload-of.ts';
import type { UploadStore } from './upload-store.ts';

export interface TakeUploadsPorts {
  readonly uploads: Pick<UploadStore, 'get'>;
  readonly artifacts: Pick<ArtifactStore, 'copy'>;
}

/**
 * Copies uploads to a run that is about to be made; durable when it returns. An upload may be taken by several runs.
 * @throws HoldfastError `upload_not_found`, `upload_incomplete`.
 */
export async function takeUploads(
  ports: TakeUploadsPorts,
  run: RunRef,
  ids: readonly string[],
): Promise<ArtifactPart[]> {
  const parts: ArtifactPart[] = [];
  for (const id of ids) {
    const upload = await uploadOf(ports.uploads, run, id);
    if (upload.completedAt === null)
      throw refused(
        'upload_incomplete',
        `Upload ${id} is not complete. Send its bytes, complete it, then start the run.`,
      );
    const { digest, size, mediaType, name } = upload;
    if (!(await ports.artifacts.copy(placeOf(run, upload), run, digest))) throw noUpload(id);
    parts.push({ type: 'artifact', digest, size, media_type: mediaType, name });
  }
  return parts;
}
