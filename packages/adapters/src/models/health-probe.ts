import type { ModelHealth } from '@holdfast/core';
import { z } from 'zod';
import { codesOf } from './openai-compatible/failure-of.ts';

/** What was seen is told for so long, ms: people who look do not become load. */
const FRESH_MS = 30_000;
/** A server that takes longer to list its models is as good as away, ms. */
const ANSWER_MS = 5_000;

export interface ProbeOptions {
  readonly baseUrl: string;
  /** The model's name at the server. */
  readonly model: string;
  readonly apiKey: string | null;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
}

/**
 * Asks a server for its models, when somebody looks and the last look is a while ago. What it sees is told to tenants,
 * so it names no address.
 */
export class HealthProbe {
  readonly #options: ProbeOptions;
  #seen: { readonly at: number; readonly health: Promise<ModelHealth> } | null = null;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  look(): Promise<ModelHealth> {
    const now = this.#options.now();
    if (this.#seen === null || now - this.#seen.at >= FRESH_MS) this.#seen = { at: now, health: this.#ask(now) };
    return this.#seen.health;
  }

  async #ask(checkedAt: number): Promise<ModelHealth> {
    const { baseUrl, model, apiKey, fetch } = this.#options;
    const unreachable = (detail: string): ModelHealth => ({ status: 'unreachable', detail, checkedAt });
    try {
      const response = await fetch(`${baseUrl}/models`, {
        headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await response.text();
      // A server without a list of its models may still have this one.
      if (response.status === 404) return { status: 'ok', detail: 'the server lists no models', checkedAt };
      if (!response.ok) return unreachable(`it answers ${response.status} when asked for its models`);
      const names = namesIn(text);
      const listed = names === null || names.includes(model);
      return { status: 'ok', detail: listed ? null : `the server does not list ${model}`, checkedAt };
    } catch (error) {
      return unreachable(reasonOf(error));
    }
  }
}

const list = z.object({ data: z.array(z.object({ id: z.string(), aliases: z.array(z.string()).optional() })) });

function namesIn(text: string): string[] | null {
  try {
    const { data } = list.parse(JSON.parse(text));
    return data.flatMap(({ id, aliases }) => [id, ...(aliases ?? [])]);
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${ANSWER_MS} ms`;
  return `no connection: ${codesOf(error).join(', ') || 'it broke'}`;
}
