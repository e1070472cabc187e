import type { ArtifactLinks } from '../log/artifact-store.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import { placeOf, uploadOf } from './upload-of.ts';
import type { UploadStore } from './upload-store.ts';

/**
 * Looks whether the bytes are there, with their size and digest. What came by a signed link is read for it, which takes as
 * long as that takes.
 * @throws HoldfastError `upload_not_found`, `upload_incomplete`, `upload_mismatch`.
 */
export async function verifyUpload(
  {
    uploads,
    artifacts,
  }: { readonly uploads: Pick<UploadStore, 'get'>; readonly artifacts: Pick<ArtifactLinks, 'accept'> },
  scope: TenantScope,
  id: string,
): Promise<void> {
  const upload = await uploadOf(uploads, scope, id);
  if (upload.completedAt !== null) return;
  const { digest, size } = upload;
  switch (await artifacts.accept(placeOf(scope, upload), digest, size)) {
    case 'there':
      return;
    case 'absent':
      throw refused('upload_incomplete', `No bytes of upload ${id} have come yet. Send them, then complete it.`);
    case 'wrong':
      throw refused('upload_mismatch', `What came for upload ${id} is not ${size} bytes with the digest ${digest}.`);
  }
}
