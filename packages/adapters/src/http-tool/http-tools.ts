import type { ToolServerSpec } from '@holdfast/contracts';
import {
  type ArtifactStore,
  type ListedTool,
  type Outbound,
  type Redaction,
  type RegisteredServer,
  type ResolveSecrets,
  type ServerKind,
  type TenantScope,
  toolHash,
  type ToolOutcome,
  type ToolRequest,
} from '@holdfast/core';
import { ArgumentsUnfit, buildRequest, type BuiltRequest } from './build-request.ts';
import { openApiOperations } from './openapi-operations.ts';
import { listedOf, type Operation } from './operation.ts';
import { contentOf } from './read-reply.ts';
import { requestOperation } from './request-operation.ts';

type HttpSpec = Extract<ToolServerSpec, { type: 'request' | 'openapi' }>;

/** Bytes of an answer that are kept. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Whoever answers so stands between us and the server, which may have heard the request. */
const gatewayStatuses = new Set([502, 504]);

/** The same key for all attempts of a call, and the attempt's number from 1. */
export const KEY_HEADER = 'idempotency-key';
export const ATTEMPT_HEADER = 'holdfast-attempt';

export interface HttpToolsPorts {
  readonly outbound: Outbound;
  readonly artifacts: Pick<ArtifactStore, 'put'>;
  readonly resolveSecrets: ResolveSecrets;
  /** Of what is stored as a file; texts are redacted by the executor. */
  readonly redaction: Pick<Redaction, 'bytes'>;
}

/** Described requests and operations of OpenAPI documents. Nothing is ever sent twice: retries are the decider's. */
export class HttpTools implements ServerKind<HttpSpec> {
  readonly #ports: HttpToolsPorts;

  constructor(ports: HttpToolsPorts) {
    this.#ports = ports;
  }

  /** From the description alone. @throws HoldfastError `tool_invalid`. */
  list(_: TenantScope, server: RegisteredServer<HttpSpec>): Promise<readonly ListedTool[]> {
    return Promise.resolve(operationsOf(server).map(listedOf));
  }

  async call(request: ToolRequest, server: RegisteredServer<HttpSpec>, signal: AbortSignal): Promise<ToolOutcome> {
    const { ref, tool, key, attempt, mayBegin } = request;
    const name = tool.source.type === 'http' ? tool.source.operation : tool.name;
    const operation = operationsOf(server).find((each) => each.name === name);
    const found = operation === undefined ? null : toolHash(listedOf(operation));
    if (operation === undefined || found !== tool.hash) return { type: 'changed', found };
    let built: BuiltRequest;
    try {
      built = buildRequest(operation, request.arguments);
    } catch (error) {
      if (!(error instanceof ArgumentsUnfit)) throw error;
      return { type: 'answered', content: [{ type: 'text', text: error.message }], isError: true };
    }
    let headers: Record<string, string>;
    try {
      headers = await this.#headers(ref, server.spec);
    } catch (error) {
      return { type: 'not-sent', message: error instanceof Error ? error.message : String(error) };
    }
    const outcome = await this.#ports.outbound.send(
      {
        method: operation.method,
        url: built.url,
        headers: { ...built.headers, ...headers, [KEY_HEADER]: key, [ATTEMPT_HEADER]: String(attempt) },
        ...(built.body === null ? {} : { body: built.body }),
        redirects: 'same-origin',
        maxBytes: MAX_BYTES,
        mayBegin,
      },
      signal,
    );
    if (outcome.type === 'not-sent') return { type: 'not-sent', message: outcome.message };
    if (outcome.type === 'no-answer') return outcome;
    const body = this.#ports.redaction.bytes(ref.tenant, outcome.reply.body);
    const reply = { ...outcome.reply, body };
    if (server.spec.refused_on.includes(reply.status))
      return { type: 'not-sent', message: `the server refused the request with HTTP ${reply.status}` };
    if (gatewayStatuses.has(reply.status)) return { type: 'no-answer', message: `HTTP ${reply.status}` };
    const read = await contentOf(this.#ports.artifacts, ref, tool.name, reply);
    return { type: 'answered', ...read, isError: reply.status >= 400 };
  }

  async #headers(scope: TenantScope, { headers }: HttpSpec): Promise<Record<string, string>> {
    const resolved: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      resolved[name.toLowerCase()] = await this.#ports.resolveSecrets(scope, value);
    return resolved;
  }
}

function operationsOf({ name, spec }: RegisteredServer<HttpSpec>): Operation[] {
  return spec.type === 'request' ? [requestOperation(name, spec)] : openApiOperations(spec);
}
