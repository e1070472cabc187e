import {
  createdUpload,
  type CreatedUpload,
  type CreateUploadBody,
  type UploadResource,
  uploadResource,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import { type CallOptions, FILES_MS } from '../http/request.ts';
import type { Content } from '../http/transport.ts';
import { Resource } from './resource.ts';

/** Files on their way into runs: create, send, complete, and name the id in `files` of a run. */
export class Uploads extends Resource {
  /** `digest`: the SHA-256 of the bytes, which the server holds them to. */
  create(body: CreateUploadBody, options?: CallOptions): Promise<CreatedUpload> {
    return this.unrepeated('/v1/uploads', createdUpload, body, options);
  }

  get(upload: string, options?: CallOptions): Promise<UploadResource> {
    return this.read(path`/v1/uploads/${upload}`, uploadResource, options);
  }

  /**
   * The bytes, in one piece of memory or as a stream: to the store itself, where it can be reached, or else through the
   * API. A stream can be read once, so it is not sent again when nobody takes it; a Blob is, and so is what comes of a
   * function, which is called for each attempt.
   */
  async send(
    { id, size, put }: Pick<CreatedUpload, 'id' | 'size' | 'put'>,
    bytes: Content,
    { signal }: CallOptions = {},
  ): Promise<void> {
    await this.transport.send(put.signed ? put : { path: path`/v1/uploads/${id}/content` }, bytes, size, signal);
  }

  /** Waits until the bytes were verified. */
  complete(upload: string, { signal }: CallOptions = {}): Promise<UploadResource> {
    return this.transport.json({
      method: 'POST',
      path: path`/v1/uploads/${upload}/complete`,
      answer: uploadResource,
      signal,
      repeatable: true,
      timeoutMs: FILES_MS,
    });
  }
}
