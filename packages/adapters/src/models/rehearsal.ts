import type { Content, RehearsalStep, RequestedCall } from '@holdfast/contracts';
import type { Model, ModelFacts, ModelOutcome, ModelRequest, OnDelta, PromptMessage } from '@holdfast/core';
import { fillArguments, fillText, type Filling } from './placeholders.ts';
import { filesListed, toolResults } from './transcript.ts';

export const REHEARSAL = 'rehearsal';

const PLAN_ENDED = 'The plan is at its end.';
/** However many words a plan has: its timer must not keep the process busy. */
const MOST_OFTEN_MS = 50;

/** The money is pretend, so that cost limits can be rehearsed: a dollar for a million tokens read, four written. */
export const rehearsalFacts: ModelFacts = {
  kind: 'rehearsal',
  prices: { input_per_mtok: 1_000_000, output_per_mtok: 4_000_000 },
  contextTokens: null,
  capabilities: { tools: true, jsonSchema: false },
  concurrency: null,
  runs: null,
};

/** What an agent without a plan does. */
const defaultPlan: readonly RehearsalStep[] = [
  {
    say: 'This is the rehearsal model, and this agent has no plan for it to follow. It was told: {{input}}',
    calls: [],
    repeat: 1,
  },
];

/**
 * A model that needs no model: it follows the plan of the agent's version, one step an answer, and is the same function
 * of its request every time. It keeps nothing between calls, so any worker can go on where another stopped.
 * Its words are not cut at `maxOutputTokens`: plans are short, and half a plan would rehearse nothing.
 */
export class RehearsalModel implements Model {
  readonly #sizes = new WeakMap<PromptMessage, number>();

  async call(request: ModelRequest, signal: AbortSignal, onDelta: OnDelta): Promise<ModelOutcome> {
    const step =
      request.purpose === 'summary'
        ? summaryOf(request.messages)
        : stepAt(request.version.rehearsal ?? defaultPlan, request.answers);
    const filling: Filling = { messages: request.messages };
    const said = step === null ? PLAN_ENDED : fillText(step.say ?? '', filling);
    const toolCalls = step === null ? [] : callsOf(step, request.answers, filling);

    const spoken = await speak(said, step?.delay ?? 0, signal, onDelta);
    if (spoken !== null) return { type: 'aborted', content: asContent(spoken) };
    return {
      type: 'answered',
      content: asContent(said),
      toolCalls,
      usage: {
        input_tokens: tokens(request.messages.reduce((bytes, message) => bytes + this.#sizeOf(message), 0)),
        output_tokens: tokens(sizeOf(said) + toolCalls.reduce((bytes, call) => bytes + sizeOf(call), 0)),
      },
      finishReason: toolCalls.length > 0 ? 'tool-calls' : 'stop',
      model: REHEARSAL,
    };
  }

  /** Messages never change, and a long run sends the same ones thousands of times. */
  #sizeOf(message: PromptMessage): number {
    const known = this.#sizes.get(message);
    if (known !== undefined) return known;
    const size = sizeOf(message);
    this.#sizes.set(message, size);
    return size;
  }
}

/** A summary is no step of the plan. */
const summaryOf = (messages: readonly PromptMessage[]): RehearsalStep => ({
  say: `Rehearsed summary: ${messages.length - 1} messages, ${toolResults(messages).length} of them tool results.`,
  calls: [],
  repeat: 1,
});

/** The step after so many answers, `repeat` counted; null when the plan is at its end. */
function stepAt(plan: readonly RehearsalStep[], answers: number): RehearsalStep | null {
  let end = 0;
  for (const step of plan) {
    end += step.repeat;
    if (answers < end) return step;
  }
  return null;
}

function callsOf(step: RehearsalStep, answers: number, filling: Filling): RequestedCall[] {
  return step.calls
    .flatMap(({ tool, args, each, first }) => {
      const files = each === 'file' ? filesListed(filling.messages) : [undefined];
      return files.slice(0, first).map((file) => ({
        name: tool,
        arguments: fillArguments(args, file === undefined ? filling : { ...filling, file }),
      }));
    })
    .map((call, index) => ({ id: `call_${answers}_${index}`, ...call }));
}

/**
 * Speaks while it thinks, word by word and evenly, so that a stream and what an interrupted answer kept can be rehearsed
 * too; without a delay everything at once. Answers null when all was said, or what had been said at the signal.
 */
function speak(text: string, ms: number, signal: AbortSignal, onDelta: OnDelta): Promise<string | null> {
  if (signal.aborted) return Promise.resolve('');
  if (ms === 0) {
    onDelta(text);
    return Promise.resolve(null);
  }
  const words = text.match(/^\s+|\S+\s*/gu) ?? [];
  const begun = performance.now();
  let said = 0;
  const sayUpTo = (count: number): void => {
    if (count <= said) return;
    onDelta(words.slice(said, count).join(''));
    said = count;
  };
  return new Promise((resolve) => {
    const sayWhatIsDue = (): void =>
      sayUpTo(Math.floor(words.length * Math.min((performance.now() - begun) / ms, 0.999)));
    const speaking = setInterval(sayWhatIsDue, Math.max(MOST_OFTEN_MS, ms / (words.length + 1)));
    const done = (): void => {
      clearTimeout(thinking);
      clearInterval(speaking);
      signal.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      sayWhatIsDue();
      done();
      resolve(words.slice(0, said).join(''));
    };
    const thinking = setTimeout(() => {
      sayUpTo(words.length);
      done();
      resolve(null);
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}

const asContent = (text: string): Content => (text === '' ? [] : [{ type: 'text', text }]);

const sizeOf = (value: unknown): number =>
  Buffer.byteLength(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** A pretended count: four bytes a token. */
const tokens = (bytes: number): number => Math.ceil(bytes / 4);
