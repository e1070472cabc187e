/** The servers whose ways are known; `other` asks for nothing that one of them does not understand. */
export const serverKinds = ['other', 'openai', 'vllm', 'ollama', 'llama.cpp'] as const;
export type ServerKind = (typeof serverKinds)[number];

/** Where servers that speak the same format differ. A models file may override each. */
export interface Quirks {
  /** What bounds the answer. OpenAI's reasoning models refuse `max_tokens`; older and local servers know nothing else. */
  readonly max_tokens_field: 'max_tokens' | 'max_completion_tokens';
  /**
   * Whether a request may have both tools and a JSON schema for the answer. Where it constrains every word to the schema,
   * tools are never called: the schema then goes into the system prompt.
   */
  readonly schema_beside_tools: boolean;
  /** Whether an answer may begin with `<think>…</think>`, which is no part of it. */
  readonly think_tags: boolean;
}

export const quirksOf: Readonly<Record<ServerKind, Quirks>> = {
  other: { max_tokens_field: 'max_tokens', schema_beside_tools: false, think_tags: true },
  openai: { max_tokens_field: 'max_completion_tokens', schema_beside_tools: true, think_tags: false },
  // vllm-project/vllm#39929; think tags come when it runs without a reasoning parser.
  vllm: { max_tokens_field: 'max_tokens', schema_beside_tools: false, think_tags: true },
  // Its `format` constrains the whole answer; models that think without `think` being known to it say it in the text.
  ollama: { max_tokens_field: 'max_tokens', schema_beside_tools: false, think_tags: true },
  // Seen: with both, the grammar of the schema wins. Think tags come with `--reasoning-format none`.
  'llama.cpp': { max_tokens_field: 'max_tokens', schema_beside_tools: false, think_tags: true },
};
