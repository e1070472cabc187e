import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, type LanguageModelV3, type LanguageModelV3CallOptions } from '@ai-sdk/provider';
import type { JsonObject } from '@holdfast/contracts';
import type { Model, ModelOutcome, ModelRequest, OnDelta } from '@holdfast/core';
import { connectionFailure, type Failure, refusalFailure } from './failure-of.ts';
import type { ModelClient } from './client.ts';
import { promptOf } from './prompt-of.ts';
import type { Quirks } from './quirks.ts';
import { Answer } from './read-answer.ts';

export interface OpenAICompatibleOptions {
  /** Up to and with the version: `http://127.0.0.1:8000/v1`. */
  readonly baseUrl: string;
  /** The model's name at the server. */
  readonly model: string;
  readonly apiKey: string | null;
  readonly capabilities: { readonly tools: boolean; readonly jsonSchema: boolean };
  readonly quirks: Quirks;
  readonly client: ModelClient;
}

/** The name under which the library files options that are meant for the server. */
const PROVIDER = 'model';

/**
 * A model at a server that speaks OpenAI's chat completions. The provider is asked directly, without the library's
 * loop around it, so that one call is one request.
 */
export class OpenAICompatibleModel implements Model {
  readonly #options: OpenAICompatibleOptions;
  readonly #model: LanguageModelV3;

  constructor(options: OpenAICompatibleOptions) {
    const { baseUrl, model, apiKey, capabilities, quirks, client } = options;
    this.#options = options;
    this.#model = createOpenAICompatible({
      name: PROVIDER,
      baseURL: baseUrl,
      ...(apiKey === null ? {} : { apiKey }),
      includeUsage: true,
      supportsStructuredOutputs: capabilities.jsonSchema,
      fetch: client.fetch,
      transformRequestBody: ({ max_tokens, ...body }) => ({ ...body, [quirks.max_tokens_field]: max_tokens }),
    }).chatModel(model);
  }

  async call(request: ModelRequest, signal: AbortSignal, onDelta: OnDelta): Promise<ModelOutcome> {
    const { model, quirks } = this.#options;
    const answer = new Answer(model, quirks.think_tags, onDelta);
    const aborted = (): ModelOutcome => ({ type: 'aborted', content: answer.content() });
    if (signal.aborted) return aborted();
    try {
      const { stream } = await this.#model.doStream(this.#requestOf(request, signal));
      const outcome = await answer.read(stream);
      return outcome.type === 'failed' ? (signal.aborted ? aborted() : this.#withoutKey(outcome)) : outcome;
    } catch (error) {
      return signal.aborted ? aborted() : this.#withoutKey(failureOf(error));
    }
  }

  #requestOf(
    { version, purpose, messages, maxOutputTokens }: ModelRequest,
    signal: AbortSignal,
  ): LanguageModelV3CallOptions {
    const { capabilities, quirks } = this.#options;
    const tools = capabilities.tools ? version.tools : [];
    const schema: JsonObject | null = purpose === 'summary' ? null : (version.output?.schema ?? null);
    const enforced = schema !== null && capabilities.jsonSchema && (tools.length === 0 || quirks.schema_beside_tools);
    const { temperature } = version.model;
    return {
      prompt: promptOf(messages, enforced ? null : schema),
      maxOutputTokens,
      ...(temperature === null ? {} : { temperature }),
      ...(tools.length === 0
        ? {}
        : {
            tools: tools.map((tool) => ({
              type: 'function' as const,
              name: tool.name,
              description: tool.description,
              inputSchema: tool.input_schema,
            })),
            // The calls in the conversation are still those of these tools.
            ...(purpose === 'summary' ? { toolChoice: { type: 'none' as const } } : {}),
          }),
      ...(enforced ? { responseFormat: { type: 'json' as const, name: 'answer', schema } } : {}),
      // OpenAI's strict mode takes few schemas. The answer is checked against the schema here in any case.
      providerOptions: { [PROVIDER]: { strictJsonSchema: false } },
      abortSignal: signal,
    };
  }

  /** Servers quote the key that they refuse, and messages end up in the run's log. */
  #withoutKey(failure: Failure): Failure {
    const { apiKey } = this.#options;
    return apiKey === null ? failure : { ...failure, message: failure.message.replaceAll(apiKey, '***') };
  }
}

function failureOf(error: unknown): Failure {
  // An answer that cannot be read is an error with the status of its success.
  if (APICallError.isInstance(error) && error.statusCode !== undefined && error.statusCode >= 300) {
    const headers = error.responseHeaders ?? {};
    return refusalFailure(
      { status: error.statusCode, body: error.responseBody ?? '', header: (name) => headers[name] },
      Date.now(),
    );
  }
  return connectionFailure(error);
}
