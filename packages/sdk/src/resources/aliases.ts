import { type AgentResource, agentSummary, type SetAliasBody } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

export class Aliases extends Resource {
  /** Makes the alias, or moves it: to a version, or to several with weights. Runs keep the version they have. */
  set(agent: string, alias: string, body: SetAliasBody, options?: CallOptions): Promise<AgentResource> {
    return this.put(path`/v1/agents/${agent}/aliases/${alias}`, agentSummary, body, options);
  }
}
