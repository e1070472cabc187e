import type { ApprovalRule, BuiltinName, RehearsalStep } from './spec.ts';
import type { Effect } from '../event/event-parts.ts';
import type { JsonObject } from '../json.ts';
import type { Limits, Prices } from './limits.ts';
import type { Retries } from './retries.ts';

/** Where a tool's call goes. */
export type ToolSource =
  | { readonly type: 'mcp'; readonly server: string; readonly tool: string }
  | { readonly type: 'http'; readonly server: string; readonly operation: string }
  | {
      readonly type: 'agent';
      readonly agent: string;
      /** null, null: the latest at the creation of the parent. */
      readonly version: number | null;
      readonly alias: string | null;
    }
  | { readonly type: 'builtin'; readonly name: BuiltinName };

/** A tool as it was listed at publish. A tool whose hash differs at call time is not called. */
export interface PublishedTool {
  /** The name that the model uses: letters, digits, `_` and `-`. */
  readonly name: string;
  readonly source: ToolSource;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly input_schema: JsonObject;
  /** SHA-256 over name, description and schema, canonical (RFC 8785). */
  readonly hash: string;
  readonly effect: Effect;
  readonly approval: ApprovalRule | null;
  /** `timeout` is ms per attempt. */
  readonly retries: Retries;
}

/** An immutable version of an agent: everything that the run's rules read beside the log. */
export interface AgentVersion {
  readonly id: string;
  readonly agent: string;
  readonly number: number;
  readonly description: string;
  readonly instructions: string;
  readonly model: {
    readonly name: string;
    readonly temperature: number | null;
    readonly max_output_tokens: number;
    readonly prices: Prices | null;
    /** Asked in turn after failed attempts. */
    readonly fallbacks: readonly { readonly name: string; readonly prices: Prices | null }[];
  };
  readonly tools: readonly PublishedTool[];
  readonly limits: Limits;
  readonly retries: Retries;
  readonly context: { readonly max_tokens: number; readonly keep: 'last-turns'; readonly then: 'drop' | 'summarise' };
  /** JSON Schema of the final answer. */
  readonly output: { readonly schema: JsonObject } | null;
  readonly concurrency: number | null;
  readonly rehearsal: readonly RehearsalStep[] | null;
}
