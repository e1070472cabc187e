import type { ArtifactPart, Content, JsonObject, PublishedTool } from '@holdfast/contracts';
import type { RunRef } from '../tenant-scope.ts';

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
}

/** Asked at publish. Throws `ToolServerUnavailable`. */
export interface ToolServers {
  /** Names of the registered servers. */
  names(): readonly string[];
  list(server: string): Promise<readonly ListedTool[]>;
}

export class ToolServerUnavailable extends Error {
  override readonly name = 'ToolServerUnavailable';
  readonly code = 'tool_server_unavailable';
}
