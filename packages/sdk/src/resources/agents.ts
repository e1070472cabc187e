import {
  type AgentResource,
  type AgentSpecInput,
  agentPage,
  agentSummary,
  agentVersionResource,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import { type CallOptions, type CreateOptions, type JsonText, jsonBody, newKey } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** A spec as text, such as a file has it. */
export type SpecText = { readonly yaml: string } | { readonly json: string };

export interface PublishOptions extends CreateOptions {
  /** A tool server that does not answer is taken as it was known before. */
  readonly offline?: boolean | undefined;
}

export class Agents extends Resource {
  /** Makes the agent, or its next version; the same spec again gives the version there is. */
  publish(spec: AgentSpecInput | SpecText, { signal, idempotencyKey = newKey(), offline }: PublishOptions = {}) {
    return this.transport.json({
      method: 'POST',
      path: '/v1/agents',
      query: { offline },
      ...bodyOf(spec),
      headers: { 'idempotency-key': idempotencyKey },
      answer: agentVersionResource,
      signal,
      repeatable: true,
    });
  }

  get(agent: string, options?: CallOptions): Promise<AgentResource> {
    return this.read(path`/v1/agents/${agent}`, agentSummary, options);
  }

  /** By name. */
  list({ signal, ...query }: PageOptions = {}): List<AgentResource> {
    return this.listing('/v1/agents', agentPage, query, { signal });
  }
}

function bodyOf(spec: AgentSpecInput | SpecText): { readonly body: JsonText } {
  if ('yaml' in spec) return { body: { type: 'application/yaml', text: spec.yaml } };
  return 'json' in spec ? { body: { type: 'application/json', text: spec.json } } : jsonBody(spec);
}
