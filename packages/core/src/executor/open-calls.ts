import type { BodyOf } from '@holdfast/contracts';
import type { LoadedRun } from '../log/loaded-run.ts';
import type { ToolCall } from '../run/state.ts';
import { summaryPrompt } from '../run/summary.ts';
import type { Command } from '../run/command.ts';
import { SecretUnresolved } from '../secrets/resolve-secrets.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { AdvancePorts } from './advance.ts';
import { beginningOf, capContent } from './cap-content.ts';
import { GatheredDeltas } from './gather-deltas.ts';
import { MAX_TIMER_MS } from './mailbox.ts';
import type { ModelOutcome, ModelRequest } from './model.ts';
import type { Start } from './plan.ts';
import { redactedModelOutcome, redactedToolOutcome } from './redacted-outcome.ts';
import type { ToolOutcome } from './tools.ts';

/** An effect begins only while the worker's lease has at least this long to live, ms. */
const LEASE_MARGIN_MS = 2_000;

/** A tool that keeps saying that it is at work gets at most about this many of its time-outs. */
const MOST_TIMEOUTS = 10;

interface OpenCall {
  readonly abort: AbortController;
  /** A begun `once` call is never aborted: it may have had its effect. */
  readonly abortable: boolean;
  /** The run stopped or went to another worker: what has not left must not leave. */
  forbidden: boolean;
}

/**
 * The calls that a holder has under way. Each outcome reaches `deliver` as a command; a call that was given up delivers
 * its late answer, too.
 */
export class OpenCalls {
  readonly #open = new Map<string, OpenCall>();
  readonly #ports: AdvancePorts;
  readonly #ref: RunRef;
  readonly #deliver: (command: Command) => void;
  #lettingGo = false;

  constructor(ports: AdvancePorts, ref: RunRef, deliver: (command: Command) => void) {
    this.#ports = ports;
    this.#ref = ref;
    this.#deliver = deliver;
  }

  /** Ends a call early; a `once` call only when nothing of it has left yet. */
  abort(call: string): void {
    const open = this.#open.get(call);
    if (open === undefined) return;
    open.forbidden = true;
    if (open.abortable) open.abort.abort();
  }

  abortAll(): void {
    for (const call of this.#open.keys()) this.abort(call);
  }

  /** As `abortAll`, for a run that is to go on elsewhere: what is aborted counts as an attempt, not as what somebody asked for. */
  letGo(): void {
    this.#lettingGo = true;
    this.abortAll();
  }

  /** Its intent is committed: begins the effect. `lapses`: of the lease, when the intent was sent. */
  start(action: Start, run: LoadedRun, lapses: number): void {
    const mayBegin = (): boolean => this.#mayBegin(lapses);
    if (action.do === 'call-model') this.#callModel(action, run, mayBegin);
    else this.#callTool(action.intent.data, run, mayBegin);
  }

  #callModel(start: StartOf<'call-model'>, run: LoadedRun, mayBegin: () => boolean): void {
    const { seq, intent } = start;
    const { call, attempt, timeout_ms } = intent.data;
    const { state, transcript } = run;
    const { abort } = this.#begin(call, true);
    let timedOut = false;
    const timer = after(timeout_ms, () => {
      timedOut = true;
      abort.abort();
    });
    const { purpose, kept_from } = intent.data;
    const request: ModelRequest = {
      version: state.version,
      model: intent.data.model,
      purpose,
      messages: kept_from === undefined ? transcript.messages : summaryPrompt(transcript.messages, kept_from),
      answers: state.phase === 'live' ? state.answers : 0,
      maxOutputTokens: intent.data.max_output_tokens,
      attempt,
    };
    const redacted = (text: string): string => this.#ports.redaction.text(this.#ref.tenant, text);
    const deltas = new GatheredDeltas((position, text) =>
      this.#ports.deltas.publish(this.#ref, {
        run_id: this.#ref.run,
        call,
        attempt,
        seq,
        position,
        text: redacted(text),
      }),
    );
    const toCommand = (outcome: ModelOutcome): Command => {
      this.#ports.metrics.modelCalled(timedOut ? 'timed-out' : outcome.type);
      const about = { call, attempt, at: this.#ports.clock.now() };
      if (outcome.type === 'answered') {
        const { type: _, ...answer } = outcome;
        return { type: 'model_answered', ...about, ...answer };
      }
      if (outcome.type === 'aborted' && !timedOut)
        return this.#lettingGo
          ? { type: 'model_failed', ...about, class: 'transient', message: 'the worker let go of the run' }
          : { type: 'model_aborted', ...about, content: outcome.content };
      if (outcome.type === 'aborted' && outcome.waited === true)
        return {
          type: 'model_failed',
          ...about,
          class: 'rate-limited',
          message: `no free place at the model within ${timeout_ms} ms`,
          retryAfterMs: 0,
        };
      if (outcome.type === 'aborted')
        return { type: 'model_failed', ...about, class: 'transient', message: `no answer within ${timeout_ms} ms` };
      const { type: _, ...failure } = outcome;
      return { type: 'model_failed', ...about, ...failure };
    };
    void Promise.resolve(mayBegin())
      .then((margin): Promise<ModelOutcome> | ModelOutcome =>
        margin
          ? this.#ports.model.call(request, abort.signal, (text) => {
              if (purpose === 'answer') deltas.add(text);
            })
          : { type: 'failed', class: 'not-sent', message: leaseTooShort },
      )
      .catch((error: unknown): ModelOutcome => ({ type: 'failed', class: 'transient', message: messageOf(error) }))
      .then((outcome) => {
        clearTimeout(timer);
        deltas.end();
        this.#end(call, toCommand(redactedModelOutcome(this.#ports.redaction, this.#ref, outcome)));
      });
  }

  #callTool(intent: BodyOf<'tool.called'>['data'], run: LoadedRun, mayBegin: () => boolean): void {
    const { call, attempt, effect, timeout_ms } = intent;
    const called = findCall(run, call);
    if (called?.tool == null) return;
    const open = this.#begin(call, effect !== 'once');
    const { abort } = open;
    const about = () => ({ call, attempt, at: this.#ports.clock.now() });
    let givenUp = false;
    let timers: NodeJS.Timeout[] = [];
    const arm = (): void => {
      timers.forEach(clearTimeout);
      timers = [
        after(timeout_ms, () => {
          if (effect !== 'once') return abort.abort();
          // The effect may still happen: it is unknown from now on, but its answer is awaited once more as long.
          givenUp = true;
          this.#ports.metrics.toolCalled('timed-out', effect);
          this.#end(call, { type: 'tool_no_answer', ...about(), message: `no answer within ${timeout_ms} ms` });
        }),
        after(2 * timeout_ms, () => abort.abort()),
      ];
    };
    arm();
    const patientUntil = this.#ports.clock.now() + MOST_TIMEOUTS * timeout_ms;
    const request = {
      ref: this.#ref,
      tool: called.tool,
      arguments: called.requested.arguments,
      key: intent.key,
      attempt,
      timeoutMs: timeout_ms,
      mayBegin: () => !givenUp && !open.forbidden && mayBegin(),
      progressed: () => {
        if (!givenUp && !abort.signal.aborted && this.#ports.clock.now() < patientUntil) arm();
      },
    };
    void Promise.resolve(mayBegin())
      .then((margin): Promise<ToolOutcome> | ToolOutcome =>
        margin ? this.#ports.tools.call(request, abort.signal) : { type: 'not-sent', message: leaseTooShort },
      )
      .catch((error: unknown): ToolOutcome => ({
        type: error instanceof SecretUnresolved ? 'not-sent' : 'no-answer',
        message: messageOf(error),
      }))
      // Before anything is stored of it.
      .then((outcome) => redactedToolOutcome(this.#ports.redaction, this.#ref, outcome))
      .then((outcome) => this.#capped(called, outcome))
      .then((outcome) => {
        timers.forEach(clearTimeout);
        if (!givenUp) {
          this.#ports.metrics.toolCalled(outcome.type, effect);
          this.#end(call, toolCommand(about(), outcome));
        } else if (outcome.type === 'answered') {
          this.#deliver(toolCommand(about(), outcome));
        }
      });
  }

  async #capped(call: ToolCall, outcome: ToolOutcome): Promise<ToolOutcome> {
    if (outcome.type !== 'answered') return outcome;
    const { artifacts, log } = this.#ports;
    const name = `${call.requested.name}-${call.id}`;
    try {
      const { content, stored } = await capContent(artifacts, this.#ref, name, outcome.content);
      return { ...outcome, content, artifacts: [...(outcome.artifacts ?? []), ...stored] };
    } catch (error) {
      // The tool has answered; that the whole of it could not be kept must not make its effect unknown.
      log.error({ run_id: this.#ref.run, call: call.id, err: error }, 'a long result could not be stored');
      return { ...outcome, content: beginningOf(outcome.content) };
    }
  }

  #begin(call: string, abortable: boolean): OpenCall {
    const open = { abort: new AbortController(), abortable, forbidden: false };
    this.#open.set(call, open);
    return open;
  }

  /** The last look before an effect: a lease that was lost since the intent was sent may have cost the run. */
  #mayBegin(lapses: number): boolean {
    const { lease } = this.#ports;
    return lease.remaining() >= LEASE_MARGIN_MS && lease.lapses() === lapses;
  }

  #end(call: string, command: Command): void {
    this.#open.delete(call);
    this.#deliver(command);
  }
}

const after = (ms: number, act: () => void) => setTimeout(act, Math.min(ms, MAX_TIMER_MS));

const leaseTooShort = "not sent: the worker's lease is about to run out";

type StartOf<D extends Start['do']> = Extract<Start, { do: D }>;

type About = { readonly call: string; readonly attempt: number; readonly at: number };

function toolCommand(about: About, outcome: ToolOutcome): Command {
  switch (outcome.type) {
    case 'answered': {
      const { content, isError, artifacts } = outcome;
      return {
        type: 'tool_answered',
        ...about,
        content,
        isError,
        ...(artifacts === undefined || artifacts.length === 0 ? {} : { artifacts }),
      };
    }
    case 'not-sent':
      return { type: 'tool_not_sent', ...about, message: outcome.message };
    case 'no-answer':
      return { type: 'tool_no_answer', ...about, message: outcome.message };
    case 'changed':
      return { type: 'tool_changed', ...about, found: outcome.found };
  }
}

function findCall({ state }: LoadedRun, id: string): ToolCall | undefined {
  return state.phase === 'live' && state.turn.at === 'tools'
    ? state.turn.calls.find((call) => call.id === id)
    : undefined;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
