import type { Quotas } from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';
import type { NewUpload, Upload } from './upload-store.ts';

const HOUR_MS = 3_600_000;
/** As long as its bytes are left alone by whoever removes strays. */
const UPLOAD_LIFE_MS = 24 * HOUR_MS;
/** For which a signed link is good. */
export const LINK_SECONDS = 3_600;

/** Like that of a run, so that its bytes are named and cleaned up like those of one. */
export const newUploadId = (): string => uuidv7();

const megabytes = (bytes: number): number => Math.ceil(bytes / 1_000_000);

/**
 * Room for a file, inside a transaction, which must not commit when this throws.
 * @throws HoldfastError `quota_exceeded`: the tenant's uploads may have so many bytes together, until they expire.
 */
export async function createUpload(
  { limits, uploads }: Pick<TransactionStores, 'limits' | 'uploads'>,
  quotas: Quotas,
  scope: TenantScope,
  upload: NewUpload,
): Promise<Upload> {
  const { used, own } = await limits.count(scope, 'upload_megabytes');
  const most = own ?? quotas.upload_megabytes;
  if (used + megabytes(upload.size) > most)
    throw refused(
      'quota_exceeded',
      `The tenant's uploads have ${used} MB, this file has ${megabytes(upload.size)} MB, and ${most} MB are allowed. Wait until some have expired, or ask whoever runs Holdfast for more (quota upload_megabytes).`,
      [],
      { quota: 'upload_megabytes', limit: most, used },
    );
  return uploads.create(scope, upload, UPLOAD_LIFE_MS);
}
