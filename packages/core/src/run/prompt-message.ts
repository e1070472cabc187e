import type { Content, RequestedCall } from '@holdfast/contracts';

/**
 * A message as the model sees it, free of any vendor's format.
 * `block` is the number of the event that opened its block: an answer and the results of its calls share one,
 * so that context is dropped in whole blocks and the transcript stays valid.
 */
export type PromptMessage =
  | { readonly role: 'system'; readonly block: 0; readonly text: string }
  | { readonly role: 'user'; readonly block: number; readonly content: Content }
  | {
      readonly role: 'assistant';
      readonly block: number;
      readonly content: Content;
      readonly toolCalls: readonly RequestedCall[];
    }
  | {
      readonly role: 'tool';
      readonly block: number;
      /** The model's own id of the call. */
      readonly id: string;
      readonly name: string;
      readonly content: Content;
      readonly isError: boolean;
    };
