import type { Prices } from '@holdfast/contracts';

/** What is known of a model without asking it. */
export interface ModelFacts {
  /** The rehearsal model follows a plan; it is no language model. */
  readonly kind: 'rehearsal' | 'openai-compatible';
  /** null = not priced: agents with a money limit cannot use it. */
  readonly prices: Prices | null;
  /** Prompt and answer together, tokens; null = not said. */
  readonly contextTokens: number | null;
  readonly capabilities: { readonly tools: boolean; readonly jsonSchema: boolean };
  /** Calls at once from one worker; null = no limit. */
  readonly concurrency: number | null;
  /** Runs at once, of all tenants and workers together; null = no limit. */
  readonly runs: number | null;
}

export interface ModelHealth {
  readonly status: 'ok' | 'unreachable' | 'unknown';
  readonly detail: string | null;
  /** ms since 1970. */
  readonly checkedAt: number | null;
}

/** The models of this installation, by the names that agents use. */
export interface ModelCatalogue {
  names(): readonly string[];
  /** undefined = no such model. */
  facts(name: string): ModelFacts | undefined;
  /** As last seen, looked at anew when that is a while ago. Never throws. */
  health(name: string): Promise<ModelHealth>;
}
