import type { RunRef, TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import type { Upload, UploadStore } from './upload-store.ts';

/** Where its bytes lie: as those of a run that has its id. */
export const placeOf = ({ tenant }: TenantScope, { id }: Pick<Upload, 'id'>): RunRef => ({ tenant, run: id });

/** @throws HoldfastError `upload_not_found`. */
export async function uploadOf(uploads: Pick<UploadStore, 'get'>, scope: TenantScope, id: string): Promise<Upload> {
  const upload = await uploads.get(scope, id);
  if (upload === null) throw noUpload(id);
  return upload;
}

export const noUpload = (id: string) =>
  refused('upload_not_found', `There is no upload ${id}, or it has expired. Make a new one.`);
