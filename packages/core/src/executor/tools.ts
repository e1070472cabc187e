import type { ArtifactPart, Content, JsonObject, PublishedTool, ToolServerSpec } from '@holdfast/contracts';
import type { RunRef, TenantScope } from '../tenant-scope.ts';

export interface ToolRequest {
  readonly ref: RunRef;
  readonly tool: PublishedTool;
  readonly arguments: JsonObject;
  /** The same for all attempts of this call: `Idempotency-Key` in HTTP, `_meta` in MCP. */
  readonly key: string;
  readonly attempt: number;
  /** ms; the transport must give up no earlier than this, the executor's signal decides. */
  readonly timeoutMs: number;
  /**
   * The last line before an effect: asked right before the request leaves. False = the worker's lease is about to run
   * out, or the call was given up while its server was still starting; then the outcome is `not-sent`.
   */
  readonly mayBegin: () => boolean;
  /** The server says that it is at work: the time-out begins anew. */
  readonly progressed: () => void;
}

/** Three outcomes, and the tool that is no longer the one that was published. */
export type ToolOutcome =
  | {
      readonly type: 'answered';
      readonly content: Content;
      readonly isError: boolean;
      readonly artifacts?: readonly ArtifactPart[];
    }
  /** Refused before a byte left. */
  | { readonly type: 'not-sent'; readonly message: string }
  | { readonly type: 'no-answer'; readonly message: string }
  | { readonly type: 'changed'; readonly found: string | null };

/** Calls a tool once; never retries. An aborted call ends as `no-answer`. */
export interface Tools {
  call(request: ToolRequest, signal: AbortSignal): Promise<ToolOutcome>;
}

/** A tool as its server describes it now. */
export interface ListedTool {
  readonly name: string;
  readonly description: string;
  readonly input_schema: JsonObject;
  /** Of an HTTP tool: the request it stands for, as far as it is part of the promise. */
  readonly request?: JsonObject;
}

/** Tool servers that whoever runs Holdfast registered; the same for all tenants. */
export interface PlatformTools extends Tools {
  names(): readonly string[];
  /** @throws ToolServerUnavailable */
  list(server: string): Promise<readonly ListedTool[]>;
}

/** `stdio`: of the platform; the others are the tenant's own. */
export type ToolServerType = 'stdio' | ToolServerSpec['type'];

export interface NamedToolServer {
  readonly name: string;
  readonly type: ToolServerType;
}

/** Asked at publish. */
export interface ToolServers {
  /** All that this tenant may use. */
  names(scope: TenantScope): Promise<readonly NamedToolServer[]>;
  /** What it offers now. @throws ToolServerUnavailable, HoldfastError `tool_invalid`. */
  list(scope: TenantScope, server: string): Promise<readonly ListedTool[]>;
  /** What it offered when it was registered; null when that is not known. */
  lastListing(scope: TenantScope, server: string): Promise<readonly ListedTool[] | null>;
}

export class ToolServerUnavailable extends Error {
  override readonly name = 'ToolServerUnavailable';
  readonly code = 'tool_server_unavailable';
}
