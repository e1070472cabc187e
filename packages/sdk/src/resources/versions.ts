import { type AgentVersionResource, agentVersionResource, type VersionSummary, versionPage } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

export class Versions extends Resource {
  get(agent: string, number: number, options?: CallOptions): Promise<AgentVersionResource> {
    return this.read(path`/v1/agents/${agent}/versions/${number}`, agentVersionResource, options);
  }

  /** Newest first. */
  list(agent: string, { signal, ...query }: PageOptions = {}): List<VersionSummary> {
    return this.listing(path`/v1/agents/${agent}/versions`, versionPage, query, { signal });
  }
}
