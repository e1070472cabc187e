import {
  auditHead,
  type AuditHeadResource,
  type AuditLine,
  auditPage,
  auditRetention,
  type AuditRetention,
  auditVerification,
  type AuditVerification,
} from '@holdfast/contracts';
import type { CallOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

export interface AuditQuery extends PageOptions {
  /** As in the table of permissions, such as `agents.publish`. */
  readonly operation?: string | undefined;
  /** Id of who did it: of a member or an API key. */
  readonly actor?: string | undefined;
  /** A path, with all below it. */
  readonly target?: string | undefined;
  /** ISO times: from then on, and before then. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

export class AuditTrail extends Resource {
  /** Who did what, newest first. */
  list({ signal, ...query }: AuditQuery = {}): List<AuditLine> {
    return this.listing('/v1/audit', auditPage, query, { signal });
  }

  /** Where the chain stands, and what came of the last verification. */
  head(options?: CallOptions): Promise<AuditHeadResource> {
    return this.read('/v1/audit/head', auditHead, options);
  }

  /** Has the server follow the chain. Whoever trusts it less verifies an export. */
  verify(options?: CallOptions): Promise<AuditVerification> {
    return this.unrepeated('/v1/audit/verify', auditVerification, undefined, options);
  }

  /** The chain as JSON Lines, in pieces as they come; broken off, it lacks its last line. */
  async *export({
    after = 0,
    signal,
  }: CallOptions & { readonly after?: number | undefined } = {}): AsyncGenerator<string> {
    const request = { method: 'GET', path: '/v1/audit/export', query: { after }, repeatable: false } as const;
    const { body } = await this.transport.open(request, signal);
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
    } finally {
      // Whoever stops early lets go of the connection.
      await reader.cancel();
    }
  }

  retention(options?: CallOptions): Promise<AuditRetention> {
    return this.read('/v1/audit/retention', auditRetention, options);
  }

  /** Days, at least 30; null: as long as the platform says. */
  setRetention(days: number | null, options?: CallOptions): Promise<AuditRetention> {
    return this.put('/v1/audit/retention', auditRetention, { days }, options);
  }
}
