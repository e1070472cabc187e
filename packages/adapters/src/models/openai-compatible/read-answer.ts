import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { Content, JsonObject, RequestedCall, Usage } from '@holdfast/contracts';
import type { ModelOutcome, OnDelta } from '@holdfast/core';
import { streamFailure } from './failure-of.ts';
import { ThinkTags } from './think-tags.ts';

type Finish = Extract<LanguageModelV3StreamPart, { type: 'finish' }>;

/** What has come of one answer. `content()` is the text so far, for a call that is aborted. */
export class Answer {
  readonly #onDelta: OnDelta;
  readonly #think: ThinkTags | null;
  readonly #calls: RequestedCall[] = [];
  #text = '';
  #model: string;

  constructor(model: string, thinkTags: boolean, onDelta: OnDelta) {
    this.#model = model;
    this.#think = thinkTags ? new ThinkTags() : null;
    this.#onDelta = onDelta;
  }

  content(): Content {
    return this.#text === '' ? [] : [{ type: 'text', text: this.#text }];
  }

  /** Reads to the end. Throws what the connection throws; a stream without an end is a failure, never an answer. */
  async read(stream: ReadableStream<LanguageModelV3StreamPart>): Promise<ModelOutcome> {
    for await (const part of stream) {
      switch (part.type) {
        case 'response-metadata':
          this.#model = part.modelId ?? this.#model;
          break;
        case 'text-delta':
          this.#say(this.#think === null ? part.delta : this.#think.pass(part.delta));
          break;
        case 'tool-call':
          this.#calls.push(this.#requested(part.toolCallId, part.toolName, part.input));
          break;
        case 'error':
          return streamFailure(part.error);
        case 'finish':
          return this.#finish(part);
        // Reasoning is no part of the answer, and the rest says nothing new.
        default:
          break;
      }
    }
    return streamFailure(new Error('the stream ended without an end'));
  }

  #finish({ usage, finishReason }: Finish): ModelOutcome {
    if (this.#think !== null) this.#say(this.#think.rest());
    return {
      type: 'answered',
      content: this.content(),
      toolCalls: this.#calls,
      usage: usageOf(usage),
      // Some servers say `stop` after tool calls.
      finishReason: this.#calls.length > 0 ? 'tool-calls' : finishReason.unified,
      model: this.#model,
    };
  }

  #say(text: string): void {
    if (text === '') return;
    this.#text += text;
    this.#onDelta(text);
  }

  /** Ids only pair calls and results, so one that is missing or given twice is made up. */
  #requested(id: string, name: string, input: string): RequestedCall {
    const taken = id === '' || this.#calls.some((call) => call.id === id);
    const own = taken ? `${id === '' ? 'call' : id}_${this.#calls.length}` : id;
    const args = argumentsOf(input);
    return args === null ? { id: own, name, arguments: {}, invalid: input } : { id: own, name, arguments: args };
  }
}

/** null = no JSON object. Models leave out the braces when there is nothing to say. */
function argumentsOf(input: string): JsonObject | null {
  if (input.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(input);
    // It came from JSON.parse.
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as JsonObject) : null;
  } catch {
    return null;
  }
}

/** null when the server reported none, or nonsense. */
function usageOf({ inputTokens, outputTokens }: Finish['usage']): Usage | null {
  const input = whole(inputTokens.total);
  const output = whole(outputTokens.total);
  if (input === null || output === null) return null;
  const cached = whole(inputTokens.cacheRead);
  return { input_tokens: input, output_tokens: output, ...(cached === null ? {} : { cached_tokens: cached }) };
}

const whole = (value: number | undefined): number | null =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : null;
