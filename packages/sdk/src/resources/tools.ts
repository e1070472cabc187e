import {
  type ToolServerBody,
  type ToolServerDetail,
  toolServerDetail,
  toolServerPage,
  type ToolServerResource,
  toolServerResource,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions, ChangeOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** Tool servers of the tenant, and those of the platform. */
export class Tools extends Resource {
  /** Registers it, or replaces what has this name. Published agents find out at their next call. */
  set(name: string, body: ToolServerBody, options?: ChangeOptions): Promise<ToolServerResource> {
    return this.put(path`/v1/tools/${name}`, toolServerResource, body, options);
  }

  /** With its tools as it lists them now. */
  get(name: string, options?: CallOptions): Promise<ToolServerDetail> {
    return this.read(path`/v1/tools/${name}`, toolServerDetail, options);
  }

  list({ signal, ...query }: PageOptions = {}): List<ToolServerResource> {
    return this.listing('/v1/tools', toolServerPage, query, { signal });
  }

  delete(name: string, options?: ChangeOptions): Promise<void> {
    return this.remove(path`/v1/tools/${name}`, options);
  }
}
