import { memberPage, type MemberResource, memberResource, type UpdateMemberBody } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions, ChangeOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** People and services whom the OIDC issuer vouches for. */
export class Members extends Resource {
  get(id: string, options?: CallOptions): Promise<MemberResource> {
    return this.read(path`/v1/members/${id}`, memberResource, options);
  }

  list({ signal, ...query }: PageOptions = {}): List<MemberResource> {
    return this.listing('/v1/members', memberPage, query, { signal });
  }

  /** Sets the roles that are given here, and whether they are let in. */
  update(id: string, body: UpdateMemberBody, options?: ChangeOptions): Promise<MemberResource> {
    return this.put(path`/v1/members/${id}`, memberResource, body, options);
  }
}
