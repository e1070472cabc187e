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

export interface SetToolOptions extends ChangeOptions {
  /** Without asking the server whether it is there. */
  readonly offline?: boolean | undefined;
}

/** Tool servers of the tenant, and those of the platform. */
export class Tools extends Resource {
  /**
   * Registers it, or replaces what has this name, once it has listed its tools. Published agents keep the tools that
   * they were published with.
   */
  set(name: string, body: ToolServerBody, { offline, ...options }: SetToolOptions = {}): Promise<ToolServerResource> {
    return this.put(path`/v1/tools/${name}`, toolServerResource, body, options, { offline });
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
