import type { AgentVersion, Content, RequestedCall, Usage } from '@holdfast/contracts';
import type { PromptMessage } from '../run/prompt-message.ts';

export interface ModelRequest {
  readonly version: AgentVersion;
  /** The configured name of the model to call: the version's, or a fallback. Nobody but the rules falls back. */
  readonly model: string;
  /** For a summary no tools are offered and no output schema holds. */
  readonly purpose: 'answer' | 'summary';
  readonly messages: readonly PromptMessage[];
  /** Answers the model gave before this one in the run, without summaries. */
  readonly answers: number;
  readonly maxOutputTokens: number;
  readonly attempt: number;
}

export type ModelOutcome =
  | {
      readonly type: 'answered';
      readonly content: Content;
      readonly toolCalls: readonly RequestedCall[];
      readonly usage: Usage | null;
      readonly finishReason: string;
      readonly model: string;
    }
  | {
      readonly type: 'failed';
      readonly class: 'not-sent' | 'rate-limited' | 'transient' | 'permanent';
      readonly message: string;
      readonly retryAfterMs?: number;
    }
  /** The signal aborted it; what had been said by then. `waited`: it had not left, for want of a free place. */
  | { readonly type: 'aborted'; readonly content: Content; readonly waited?: true };

/** Told each piece of the answer's text as it comes, in order; together they are the text of the answer. */
export type OnDelta = (text: string) => void;

/** A language model. It makes one request per call and never retries: retries are the decider's. */
export interface Model {
  call(request: ModelRequest, signal: AbortSignal, onDelta: OnDelta): Promise<ModelOutcome>;
}
