import type {
  Actor,
  AgentVersion,
  BegunCall,
  BudgetWindow,
  Content,
  EngineLoss,
  JsonObject,
  Prices,
  Limits,
  MessageMode,
  ParentOfRun,
  PinnedAgents,
  PublishedTool,
  RequestedCall,
  Reservation,
} from '@holdfast/contracts';
import type { Approvers } from './approvers.ts';

/**
 * Everything the rules know of a run, folded from its log and its pinned version. What the run is doing is a union of
 * unions, so that an impossible mixture (a model call beside open tool calls, an ended run that waits) has no type.
 */
export type RunState = UnbornRun | LiveRun | EndedRun;

interface Logged {
  readonly run: string;
  readonly version: AgentVersion;
  /** Number of the last event. */
  readonly head: number;
  /** Time of the last event, ms; time in a log never goes back. */
  readonly lastAt: number;
}

export interface UnbornRun extends Logged {
  readonly phase: 'unborn';
}

export interface LiveRun extends Logged {
  readonly phase: 'live';
  readonly createdAt: number;
  /** Not before this time, ms since 1970; null = at once. */
  readonly startAt: number | null;
  /** Unless a worker has begun it by then, it fails; null = it waits for ever. */
  readonly expiresAt: number | null;
  readonly limits: Limits;
  /** Versions of the agents that are its tools, by the tool's name. */
  readonly agents: PinnedAgents;
  /** The call of another run that this run is; null = somebody started it. */
  readonly parent: ParentOfRun | null;
  /** Who started the run at the top, forks included: they do not count as other eyes. */
  readonly startedBy: readonly Actor[];
  /** The conversation that it continues. */
  readonly thread: string | null;
  readonly admitted: boolean;
  /** The worker that claimed it or took it over last; it may have let go since. */
  readonly holder: string | null;
  /** By whom; what the parent paused, the parent resumes. */
  readonly paused: false | 'person' | 'parent';
  /** Set once the run is to end before its time: no new action begins. */
  readonly stop: Stop | null;
  readonly spent: Spent;
  /** The limit that the next call would have passed; a person raises it or cancels the run. */
  readonly limit: LimitReached | null;
  /** Budgets of its tenant or agent count for it. */
  readonly budgeted: boolean;
  /** What it holds of them. */
  readonly allowance: Allowance | null;
  /** The budget in which the next call has no room; whoever claims the run tries again. */
  readonly shortage: Shortage | null;
  readonly turn: Turn;
  /** An answer of this turn did not fit the output schema, and the model was told. */
  readonly rejected: boolean;
  /** Model steps so far, the present one included; each attempt of a step is the same step. */
  readonly modelSteps: number;
  /** Summaries begun so far. */
  readonly summaries: number;
  /** Answers of the model so far, without summaries. */
  readonly answers: number;
  readonly inbox: readonly UndeliveredMessage[];
  readonly context: ContextSize;
  /** `once` calls that the source of a fork has made: none is made again before a person was asked. */
  readonly began: readonly BegunCall[];
  /** The log does not fit together: nothing begins until a person has looked. */
  readonly problem: LogProblem | null;
  readonly engine: Engine;
}

export interface EndedRun extends Logged {
  readonly phase: 'ended';
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly thread: string | null;
  readonly parent: ParentOfRun | null;
  readonly spent: Spent;
  /** The final answer; null unless it succeeded. */
  readonly output: Content | null;
  /** null unless it failed. */
  readonly error: { readonly code: string; readonly detail: string } | null;
  /** Effects of which nobody knows yet; only these may still change. */
  readonly unknown: readonly UnknownCall[];
}

export type Stop = { readonly why: 'cancel' | 'deadline'; readonly at: number };

export interface LogProblem {
  readonly seq: number;
  readonly reason: string;
  readonly since: number;
}

/** What became of the run's executions in an engine such as Temporal. */
export interface Engine {
  /** Those that were ended past Holdfast since a person last looked. */
  readonly lost: readonly string[];
  /** The one after whose end a person let the run go on. It is no news, though the count begins anew. */
  readonly settled: string | null;
  /** Nothing begins until a person lets it go on. */
  readonly problem: { readonly execution: string; readonly how: EngineLoss; readonly since: number } | null;
}

export interface LimitReached {
  readonly limit: 'steps' | 'tokens' | 'cost_usd_micros' | 'active_ms';
  readonly value: number;
  readonly spent: number;
  readonly needed: number;
  readonly since: number;
}

export interface Allowance {
  readonly tokens: number;
  readonly costUsdMicros: number;
  readonly windows: readonly BudgetWindow[];
  /** ms since 1970; null = its windows never end. */
  readonly until: number | null;
  /** What the run had used itself when it took this. */
  readonly before: Spent['own'];
}

export interface Shortage {
  readonly window: BudgetWindow;
  readonly why: 'short' | 'unpriced';
  readonly limit: 'tokens' | 'cost_usd_micros';
  readonly value: number;
  readonly used: number;
  readonly needed: number;
  readonly since: number;
}

export interface Spent {
  readonly steps: number;
  readonly tokens: number;
  readonly costUsdMicros: number;
  /** Of those, what its own calls used. */
  readonly own: { readonly tokens: number; readonly costUsdMicros: number };
  /** Active time of spans that have ended, ms. */
  readonly activeMs: number;
  /** Of that, what children of the present answer used: they run side by side, so the longest counts. */
  readonly childMs: number;
  /** Runs started by this run and by those below it. */
  readonly descendants: number;
  /** The span under way: since when at least one call is open, and when the last of them times out. */
  readonly span: { readonly since: number; readonly until: number } | null;
}

/** Where the run stands between a delivered input and the next answer without tool calls. */
export type Turn =
  | { readonly at: 'model'; readonly call: ModelCall }
  /** What comes before block `keptFrom` is put in fewer words, so that the call that waits has room. */
  | { readonly at: 'summary'; readonly call: ModelCall; readonly keptFrom: number; readonly waiting: ModelCall }
  | { readonly at: 'tools'; readonly calls: readonly ToolCall[] }
  | { readonly at: 'answer'; readonly output: Content };

interface Call {
  /** `m<n>`, `s<n>` for a summary, or `<number of the answer>.<index>`. */
  readonly id: string;
  /** Number of the newest attempt; 0 = none was begun. */
  readonly attempt: number;
  /** Attempts that count against the policy. */
  readonly burned: number;
}

export interface ModelCall extends Call {
  /** Failed attempts since the chain of models began; a person's retry begins it anew. */
  readonly failures: number;
  readonly phase: ModelPhase;
}

export interface ToolCall extends Call {
  /** As the model asked for it, with the arguments of whoever changed them last. */
  readonly requested: RequestedCall;
  /** Who changed the arguments: the call is always asked about again, and they count as its authors. */
  readonly editors: readonly Actor[];
  /** null: the version has no tool of that name. */
  readonly tool: PublishedTool | null;
  readonly phase: ToolPhase;
}

export type ModelPhase = Ready | OpenModel | Scheduled | Exhausted;

export type ToolPhase =
  /** Asked for by the model; no rule has looked at it yet. */
  | {
      readonly is: 'new';
      /** A person wants it made, although the source of the fork has made it. */
      readonly again?: true;
    }
  /** The source of the fork has made it under this key. */
  | { readonly is: 'duplicate'; readonly since: number; readonly key: string }
  | {
      readonly is: 'approval';
      readonly hash: string;
      readonly approvers: Approvers;
      /** Who has agreed, while more must. */
      readonly given: readonly Actor[];
      readonly since: number;
      readonly expiresAt: number | null;
    }
  | { readonly is: 'denied'; readonly reason: string }
  | Ready
  | Open
  | Scheduled
  | Exhausted
  | { readonly is: 'unknown'; readonly since: number; readonly retryFrom: number; readonly why: string }
  | { readonly is: 'changed'; readonly since: number; readonly found: string | null }
  | { readonly is: 'timer'; readonly since: number; readonly until: number }
  | { readonly is: 'question'; readonly since: number; readonly question: string; readonly schema: JsonObject }
  | Child
  | { readonly is: 'done' };

type Ready = { readonly is: 'ready' };
type Open = {
  readonly is: 'open';
  readonly since: number;
  readonly timeoutMs: number;
  readonly reservation: Reservation;
};
/** What the attempt will be charged by. */
type OpenModel = Open & {
  readonly model: string;
  readonly prices: Prices | null;
  readonly priceVersion: number | null;
};
/** A run of another agent; what it may use is kept free until it has ended. */
export type Child = {
  readonly is: 'child';
  readonly since: number;
  readonly run: string;
  readonly limits: Limits;
  readonly descendants: number;
};
type Scheduled = { readonly is: 'scheduled'; readonly at: number };
type Exhausted = { readonly is: 'exhausted'; readonly since: number; readonly message: string };

export interface UnknownCall {
  readonly id: string;
  readonly attempt: number;
  readonly since: number;
  readonly why: string;
  readonly name: string;
}

export interface UndeliveredMessage {
  readonly id: string;
  readonly mode: MessageMode;
  /** Size of its content in the prompt. */
  readonly bytes: number;
}

/** Sizes in bytes of what the model will be shown, in blocks that are dropped whole. */
export interface ContextSize {
  /** Instructions, tools and the first input: never dropped. */
  readonly fixed: number;
  readonly blocks: readonly { readonly seq: number; readonly bytes: number }[];
  /** Sum of `fixed` and all blocks. */
  readonly bytes: number;
  /** Prompt tokens that the model last reported, and the bytes they were for. */
  readonly measured: { readonly tokens: number; readonly bytes: number } | null;
}

/** The run before its first event. */
export const begin = (run: string, version: AgentVersion): UnbornRun => ({
  phase: 'unborn',
  run,
  version,
  head: 0,
  lastAt: 0,
});

/** The call of the model that the turn is at: for an answer, or for a summary. */
export const modelCallOf = (turn: Turn): ModelCall | null =>
  turn.at === 'model' || turn.at === 'summary' ? turn.call : null;

/** All calls of the turn, whatever became of them. */
export const callsOf = (turn: Turn): readonly (ModelCall | ToolCall)[] => {
  switch (turn.at) {
    case 'model':
    case 'summary':
      return [turn.call];
    case 'tools':
      return turn.calls;
    case 'answer':
      return [];
  }
};

export const openCalls = (state: LiveRun): readonly (ModelCall | ToolCall)[] =>
  callsOf(state.turn).filter((call) => call.phase.is === 'open');

/** Runs of other agents under way, beside the calls that wait for them. */
export const childrenOf = (state: LiveRun): readonly { readonly call: string; readonly phase: Child }[] =>
  state.turn.at === 'tools'
    ? state.turn.calls.flatMap(({ id, phase }) => (phase.is === 'child' ? [{ call: id, phase }] : []))
    : [];
