import {
  type CreateKeyBody,
  keyPage,
  type KeyResource,
  keyResource,
  type NewKeyResource,
  newKeyResource,
  type RotateKeyBody,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** API keys of the tenant. */
export class Keys extends Resource {
  /**
   * The key itself is in this answer only, and stored nowhere: so this is not sent again when the answer is lost.
   * Revoke the key of a lost answer, and make another.
   */
  create(body: CreateKeyBody, options?: CallOptions): Promise<NewKeyResource> {
    return this.unrepeated('/v1/api-keys', newKeyResource, body, options);
  }

  get(id: string, options?: CallOptions): Promise<KeyResource> {
    return this.read(path`/v1/api-keys/${id}`, keyResource, options);
  }

  list({ signal, ...query }: PageOptions = {}): List<KeyResource> {
    return this.listing('/v1/api-keys', keyPage, query, { signal });
  }

  /** A new secret for the same key; the old one goes on for `overlap`. */
  rotate(id: string, body: RotateKeyBody = {}, options?: CallOptions): Promise<NewKeyResource> {
    return this.unrepeated(path`/v1/api-keys/${id}/rotate`, newKeyResource, body, options);
  }

  /** For good, at once. */
  revoke(id: string, options?: CallOptions): Promise<void> {
    return this.remove(path`/v1/api-keys/${id}`, options);
  }
}
