import type { FileLink, UploadResource } from '@holdfast/contracts';
import { LINK_SECONDS, type SignedRequest, type Upload } from '@holdfast/core';
import { iso } from './time.ts';

export const uploadResourceOf = (upload: Upload): UploadResource => ({
  id: upload.id,
  name: upload.name,
  media_type: upload.mediaType,
  size: upload.size,
  digest: upload.digest,
  state: upload.completedAt === null ? 'open' : 'complete',
  created_at: iso(upload.createdAt),
  expires_at: iso(upload.expiresAt),
});

/** The store's own address, or, where nobody reaches the store, one of this API. */
export const fileLinkOf = (signed: SignedRequest | null, own: string, now: number): FileLink =>
  signed === null
    ? { url: own, headers: {}, signed: false, expires_at: null }
    : { ...signed, signed: true, expires_at: iso(now + LINK_SECONDS * 1_000) };
