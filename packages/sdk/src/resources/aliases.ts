import {
  type AgentResource,
  agentSummary,
  type AliasResource,
  aliasResource,
  type SetAliasBody,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions, ChangeOptions } from '../http/request.ts';
import type { Tagged } from '../http/transport.ts';
import { Resource } from './resource.ts';

export class Aliases extends Resource {
  /** Makes the alias, or moves it: to a version, or to several with weights. Runs keep the version they have. */
  set(agent: string, alias: string, body: SetAliasBody, options?: ChangeOptions): Promise<AgentResource> {
    return this.put(pathOf(agent, alias), agentSummary, body, options);
  }

  /** With the ETag that a change may be bound to. */
  get(agent: string, alias: string, { signal }: CallOptions = {}): Promise<Tagged<AliasResource>> {
    return this.transport.tagged({
      method: 'GET',
      path: pathOf(agent, alias),
      answer: aliasResource,
      signal,
      repeatable: true,
    });
  }

  /** Runs that it chose a version for keep it. */
  delete(agent: string, alias: string, options?: ChangeOptions): Promise<void> {
    return this.remove(pathOf(agent, alias), options);
  }
}

const pathOf = (agent: string, alias: string): string => path`/v1/agents/${agent}/aliases/${alias}`;
