import {
  type CreateTenantBody,
  newTenantResource,
  type NewTenantResource,
  type SuspendTenantBody,
  tenantPage,
  tenantResource,
  type TenantResource,
  type UpdateTenantBody,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import { type CallOptions, type ChangeOptions, jsonBody } from '../http/request.ts';
import type { Tagged } from '../http/transport.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** The tenants of the installation, for platform admins: `key` is a token of theirs. */
export class Tenants extends Resource {
  /** With the ETag that a change of its settings may be bound to. */
  get(id: string, { signal }: CallOptions = {}): Promise<Tagged<TenantResource>> {
    const answer = tenantResource;
    return this.transport.tagged({ method: 'GET', path: path`/v1/tenants/${id}`, answer, signal, repeatable: true });
  }

  /** Oldest first. `name`: the one that has it. */
  list({ signal, ...query }: PageOptions & { readonly name?: string | undefined } = {}): List<TenantResource> {
    return this.listing('/v1/tenants', tenantPage, query, { signal });
  }

  /** Not sent again by itself: a first admin key would be lost with the first answer. */
  create(body: CreateTenantBody, options?: CallOptions): Promise<NewTenantResource> {
    return this.unrepeated('/v1/tenants', newTenantResource, body, options);
  }

  update(id: string, body: UpdateTenantBody, options?: ChangeOptions): Promise<TenantResource> {
    return this.put(path`/v1/tenants/${id}`, tenantResource, body, options);
  }

  /** Nobody is let in and nothing begins. */
  suspend(id: string, body: SuspendTenantBody = {}, options?: CallOptions): Promise<TenantResource> {
    return this.#change(path`/v1/tenants/${id}/suspend`, body, options);
  }

  /** All goes on where it stood. */
  resume(id: string, options?: CallOptions): Promise<TenantResource> {
    return this.#change(path`/v1/tenants/${id}/resume`, {}, options);
  }

  /** Suspends it at once and erases it after the grace, a duration such as `7d`, which it is when left out. */
  delete(
    id: string,
    { signal, grace }: CallOptions & { readonly grace?: string | undefined } = {},
  ): Promise<TenantResource> {
    return this.transport.json({
      method: 'DELETE',
      path: path`/v1/tenants/${id}`,
      query: { grace },
      answer: tenantResource,
      signal,
      repeatable: true,
    });
  }

  /** Takes a deletion back; it stays suspended. */
  keep(id: string, options?: CallOptions): Promise<TenantResource> {
    return this.#change(path`/v1/tenants/${id}/keep`, {}, options);
  }

  /** All of it as JSON Lines, in pieces as they come; broken off, it lacks its last line. */
  export(
    id: string,
    { signal, files = true }: CallOptions & { readonly files?: boolean | undefined } = {},
  ): AsyncGenerator<string> {
    return this.transport.pieces({
      method: 'GET',
      path: path`/v1/tenants/${id}/export`,
      query: { files },
      signal,
      repeatable: false,
    });
  }

  /** Done twice it is like done once. */
  #change(to: string, body: unknown, { signal }: CallOptions = {}): Promise<TenantResource> {
    const answer = tenantResource;
    return this.transport.json({ method: 'POST', path: to, ...jsonBody(body), answer, signal, repeatable: true });
  }
}
