import type { ArtifactPart } from '@holdfast/contracts';
import type { ArtifactStore, StoredFiles } from '../log/artifact-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { noUpload, placeOf } from './upload-of.ts';
import type { Upload } from './upload-store.ts';

type TakeUploadsPorts = Pick<ArtifactStore, 'copy'> & Pick<StoredFiles, 'removeRun'>;

/** What the run's input says of it. */
export const filePart = ({ digest, size, mediaType, name }: Upload): ArtifactPart => ({
  type: 'artifact',
  digest,
  size,
  media_type: mediaType,
  name,
});

/**
 * Copies uploads to a run that is about to be made; durable when it returns. An upload may be taken by several runs. It
 * takes as long as the bytes take, and no quota counts them before the run is there: it comes last.
 * @throws HoldfastError `upload_not_found`, after which nothing is left of those before it.
 */
export async function takeUploads(artifacts: TakeUploadsPorts, run: RunRef, uploads: readonly Upload[]): Promise<void> {
  try {
    for (const upload of uploads)
      if (!(await artifacts.copy(placeOf(run, upload), run, upload.digest))) throw noUpload(upload.id);
  } catch (error) {
    // What cannot be removed either is left to the sweep for strays.
    await artifacts.removeRun(run).catch(() => undefined);
    throw error;
  }
}
