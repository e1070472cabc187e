import { z } from 'zod';
import { digest } from '../part.ts';

/** What one PUT carries to S3, and one copy inside it. */
export const MAX_UPLOAD_BYTES = 5 * 1024 ** 3;

export const createUploadBody = z
  .strictObject({
    name: z.string().min(1).max(255).describe('As the run shall know it.'),
    media_type: z.string().max(255).default('application/octet-stream'),
    size: z.int().min(0).max(MAX_UPLOAD_BYTES).describe('Bytes.'),
    digest: digest.describe('SHA-256 of the bytes, lower-case hex.'),
  })
  .meta({ id: 'CreateUpload' });
export type CreateUploadBody = z.input<typeof createUploadBody>;

export const uploadResource = z
  .object({
    id: z.uuid(),
    name: z.string(),
    media_type: z.string(),
    /** bytes */
    size: z.int().nonnegative(),
    digest: z.string(),
    state: z.enum(['open', 'complete']).describe('`complete`: the bytes were seen; runs may take it.'),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'Upload' });
export type UploadResource = z.output<typeof uploadResource>;

/** Where a file is fetched from, or sent to. */
export const fileLink = z
  .object({
    url: z.string(),
    headers: z.record(z.string(), z.string()).describe('To be sent exactly so.'),
    signed: z
      .boolean()
      .describe('`true`: the URL itself lets in whoever has it. `false`: it is one of this API, and takes a key.'),
    expires_at: z.iso.datetime().nullable().describe('Of a signed one.'),
  })
  .meta({ id: 'FileLink' });
export type FileLink = z.output<typeof fileLink>;

export const createdUpload = uploadResource
  .extend({ put: fileLink })
  .meta({ id: 'CreatedUpload', description: 'An upload; its bytes go to `put`, by one PUT.' });
export type CreatedUpload = z.output<typeof createdUpload>;
