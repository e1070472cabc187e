import { secretPage, type SecretResource, secretResource } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** Values that tools may use as `secret://<name>`. They are written, never read. */
export class Secrets extends Resource {
  set(name: string, value: string, options?: CallOptions): Promise<SecretResource> {
    return this.put(path`/v1/secrets/${name}`, secretResource, { value }, options);
  }

  list({ signal, ...query }: PageOptions = {}): List<SecretResource> {
    return this.listing('/v1/secrets', secretPage, query, { signal });
  }

  delete(name: string, options?: CallOptions): Promise<void> {
    return this.remove(path`/v1/secrets/${name}`, options);
  }
}
