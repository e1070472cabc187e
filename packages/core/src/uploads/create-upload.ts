import type { Quotas } from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import { withinQuota } from '../limits/within-quota.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';
import type { NewUpload, Upload } from './upload-store.ts';

const HOUR_MS = 3_600_000;
/** As long as its bytes are left alone by whoever removes strays. */
const UPLOAD_LIFE_MS = 24 * HOUR_MS;
/** For which a signed link is good. */
export const LINK_SECONDS = 3_600;

/** Like that of a run, so that its bytes are named and cleaned up like those of one. */
export const newUploadId = (): string => uuidv7();

/**
 * Room for a file, inside a transaction, which must not commit when this throws.
 * @throws HoldfastError `quota_exceeded`: the tenant's uploads may have so many bytes together, until they expire.
 */
export function createUpload(
  stores: Pick<TransactionStores, 'limits' | 'uploads'>,
  quotas: Quotas,
  scope: TenantScope,
  upload: NewUpload,
): Promise<Upload> {
  return withinQuota(stores, quotas, scope, 'upload_megabytes', () =>
    stores.uploads.create(scope, upload, UPLOAD_LIFE_MS),
  );
}
