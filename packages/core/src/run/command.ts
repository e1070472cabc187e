import type {
  Actor,
  BegunCall,
  Content,
  DataOf,
  EngineLoss,
  Json,
  JsonObject,
  Limits,
  MessageMode,
  ParentOfRun,
  PinnedAgents,
  RaisableLimit,
  RequestedCall,
  Usage,
  ArtifactPart,
} from '@holdfast/contracts';
import type { BudgetNeed, OfferedBudget } from './budgets.ts';

/** Everything that happens to a run is a command; `at` is ms since 1970 by the database's clock. */
export type Command = { readonly at: number } & (OutsideCommand | WorkerCommand);

/** From people and the API. */
export type OutsideCommand =
  | {
      readonly type: 'create';
      readonly input: Content;
      readonly limits?: Partial<Limits>;
      readonly metadata: Readonly<Record<string, string>>;
      /** Versions of the agents that are its tools, by the tool's name. */
      readonly agents?: PinnedAgents;
      readonly thread?: string;
      readonly parent?: ParentOfRun;
      /** Of the run at the top, where this is another one. */
      readonly startedBy?: readonly Actor[];
      /** ms since 1970 */
      readonly startAt?: number;
      readonly expiresAt?: number;
      readonly by: Actor;
    }
  /** The run is a copy of `from`, up to the event after which it goes on by itself. */
  | {
      readonly type: 'fork';
      readonly from: string;
      /** What the model is shown as the first input. */
      readonly input: Content;
      readonly limits: Limits;
      readonly metadata: Readonly<Record<string, string>>;
      /** Versions of the agents that are its tools, by the tool's name. */
      readonly agents?: PinnedAgents;
      readonly began: readonly BegunCall[];
      /** Delivered before the next model call. */
      readonly message?: { readonly id: string; readonly content: Content };
      readonly by: Actor;
    }
  | {
      readonly type: 'send_message';
      readonly id: string;
      readonly mode: MessageMode;
      readonly content: Content;
      readonly by: Actor;
    }
  | {
      readonly type: 'decide_approval';
      readonly call: string;
      readonly hash: string;
      readonly decision: 'approved' | 'denied';
      readonly by: Actor;
      readonly reason?: string;
    }
  /** The source of this fork has made the call; what is to become of it here. */
  | {
      readonly type: 'decide_duplicate';
      readonly call: string;
      readonly decision: 'reuse' | 'call' | 'skip';
      readonly by: Actor;
      readonly note?: string;
    }
  /** The old question is denied and a new one asked. */
  | {
      readonly type: 'change_arguments';
      readonly call: string;
      readonly hash: string;
      readonly arguments: JsonObject;
      readonly by: Actor;
      readonly reason?: string;
    }
  | { readonly type: 'answer_question'; readonly call: string; readonly answer: Json; readonly by: Actor }
  /** What became of an effect nobody knows of. */
  | {
      readonly type: 'resolve_effect';
      readonly call: string;
      readonly how: 'done';
      readonly content: Content;
      readonly isError: boolean;
      readonly by: Actor;
      readonly note?: string;
    }
  | {
      readonly type: 'resolve_effect';
      readonly call: string;
      readonly how: 'retry' | 'fail';
      readonly by: Actor;
      readonly note?: string;
    }
  /** A call whose attempts are exhausted or whose tool has changed. */
  | {
      readonly type: 'resolve_call';
      readonly call: string;
      readonly how: 'retry' | 'fail';
      readonly by: Actor;
      readonly note?: string;
    }
  /** The run is to go on in a new execution of the engine. */
  | { readonly type: 'resume_engine'; readonly by: Actor; readonly note?: string }
  | { readonly type: 'raise_limit'; readonly limit: RaisableLimit; readonly to: number; readonly by: Actor }
  | { readonly type: 'pause'; readonly by: Actor; readonly reason?: string }
  | { readonly type: 'resume'; readonly by: Actor }
  | { readonly type: 'cancel'; readonly by: Actor; readonly reason?: string };

/** From the worker that holds the run, or that takes it. */
export type WorkerCommand =
  | {
      readonly type: 'claim';
      readonly worker: string;
      /** What was said in its thread before, for a run that is not admitted yet. */
      readonly thread?: DataOf<'run.admitted'>['thread'];
      /** Whether budgets count for it; left out: as before. */
      readonly budgeted?: boolean;
    }
  | ({ readonly type: 'take_over'; readonly budgeted?: boolean } & DataOf<'run.taken_over'>)
  /** A budget was made that counts for the run, which somebody holds. */
  | { readonly type: 'budget_applies' }
  /** The budgets as they stand, for a run whose next call needs an allowance. */
  | {
      readonly type: 'allowance_offered';
      readonly offered: readonly OfferedBudget[];
      readonly need: BudgetNeed;
    }
  | {
      readonly type: 'model_answered';
      readonly call: string;
      readonly attempt: number;
      readonly content: Content;
      readonly toolCalls: readonly RequestedCall[];
      readonly usage: Usage | null;
      readonly finishReason: string;
      readonly model: string;
    }
  | {
      readonly type: 'model_failed';
      readonly call: string;
      readonly attempt: number;
      readonly class: 'not-sent' | 'rate-limited' | 'transient' | 'permanent';
      readonly message: string;
      readonly retryAfterMs?: number;
    }
  | { readonly type: 'model_aborted'; readonly call: string; readonly attempt: number; readonly content: Content }
  | {
      readonly type: 'tool_answered';
      readonly call: string;
      readonly attempt: number;
      readonly content: Content;
      readonly isError: boolean;
      readonly artifacts?: readonly ArtifactPart[];
    }
  | { readonly type: 'tool_not_sent'; readonly call: string; readonly attempt: number; readonly message: string }
  | { readonly type: 'tool_no_answer'; readonly call: string; readonly attempt: number; readonly message: string }
  | { readonly type: 'tool_changed'; readonly call: string; readonly attempt: number; readonly found: string | null }
  | {
      readonly type: 'tool_late_result';
      readonly call: string;
      readonly attempt: number;
      readonly content: Content;
      readonly isError: boolean;
      readonly artifacts?: readonly ArtifactPart[];
    }
  | ({ readonly type: 'child_ended' } & DataOf<'child.ended'>)
  /** Nobody has begun the run, and its time is over. */
  | { readonly type: 'expire' }
  /** The engine says that the execution that carried the run has ended before its time. */
  | { readonly type: 'engine_lost'; readonly execution: string; readonly how: EngineLoss }
  /** The database was restored from an earlier moment, or copied. */
  | { readonly type: 'restore' }
  | { readonly type: 'log_went_back'; readonly expected: number; readonly found: number };

export type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** Why a command was refused; the code is one of the error codes of the contract. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

export type RefusalCode =
  | 'run_ended'
  | 'run_stopping'
  | 'run_already_paused'
  | 'run_not_paused'
  | 'approval_not_open'
  | 'approval_hash_mismatch'
  | 'approval_role_required'
  | 'approval_four_eyes'
  | 'approval_already_given'
  | 'arguments_invalid'
  | 'question_not_open'
  | 'answer_invalid'
  | 'effect_not_unknown'
  | 'retry_too_early'
  | 'call_not_open'
  | 'duplicate_not_open'
  | 'nothing_to_reuse'
  | 'limit_not_higher'
  /** A worker's result for a call that is no longer open: late, or another's. */
  | 'stale_result'
  | 'already_created'
  /** It is too late to expire, or too early. */
  | 'run_begun'
  | 'not_expired'
  | 'not_created';
