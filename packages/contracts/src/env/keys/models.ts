import { z } from 'zod';
import { modelBaseUrl, path } from '../env-values.ts';
import { everywhere } from '../key-meta.ts';

/** Who answers agents. */
export const modelsKeys = {
  MODEL_BASE_URL: modelBaseUrl.optional().meta({
    description:
      'The server of the model `default`: any that speaks OpenAI’s chat completions (vLLM, Ollama, llama.cpp, …), up to and with the version in its path. Without it and MODELS_FILE, `default` is the rehearsal model.',
    example: 'http://127.0.0.1:8000/v1',
    default: null,
    used: everywhere,
    secret: false,
  }),
  MODEL_DEFAULT: z.string().max(200).optional().meta({
    description: 'The name that the server at MODEL_BASE_URL has for its model. Agents call it `default`.',
    example: 'Qwen/Qwen3-8B',
    default: null,
    used: everywhere,
    secret: false,
  }),
  MODEL_API_KEY: z
    .string()
    .regex(/^[\x21-\x7E]+$/, { error: 'must be printable ASCII without spaces' })
    .optional()
    .meta({
      description: 'The key for the server at MODEL_BASE_URL.',
      example: 'sk-secret',
      default: null,
      used: everywhere,
      secret: true,
    }),
  MODELS_FILE: path.optional().meta({
    description:
      'The YAML or JSON file of several models, by the names that agents use: `models: { <name>: { base_url, model, api_key, server, prices, context_tokens, capabilities, concurrency } }`. See the guide to models.',
    example: '/etc/holdfast/models.yaml',
    default: null,
    used: everywhere,
    secret: false,
  }),
} as const;
