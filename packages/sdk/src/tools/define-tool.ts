import { z } from 'zod';

/** What a handler is told beside the arguments. */
export interface ToolContext {
  /**
   * The same for all attempts of one call, another for any other call. Hand it on to what makes the effect, or keep it
   * with the effect, and a call that comes twice is done once.
   */
  readonly idempotencyKey: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborts when the caller does not want the answer any more. */
  readonly signal: AbortSignal;
  /** Tells the caller how far it is, if it wants to know. */
  readonly progress: (progress: { progress: number; total?: number; message?: string }) => Promise<void>;
}

export interface ToolDefinition<S extends z.ZodObject> {
  /** Letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** For the model. */
  readonly description: string;
  /** The arguments; one that does not fit is told to the model, and the handler is not called. */
  readonly input: S;
  /** A hint. What counts is the effect that the agent's spec declares, `once` when it says nothing. */
  readonly effect?: 'read' | 'idempotent' | 'once';
  /**
   * Text, or a value that becomes JSON. What it throws is told to the model as an error: throw only when the effect did
   * not take place.
   */
  readonly handler: (args: z.output<S>, context: ToolContext) => unknown;
}

/** A tool as it is served. */
export interface DefinedTool {
  readonly name: string;
  readonly listed: {
    readonly name: string;
    readonly description: string;
    readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown };
    readonly annotations: { readonly readOnlyHint: boolean; readonly idempotentHint: boolean };
  };
  readonly call: (args: unknown, context: ToolContext) => Promise<ToolAnswer>;
}

export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** @throws Error for a name that no model could call. */
export function defineTool<S extends z.ZodObject>(definition: ToolDefinition<S>): DefinedTool {
  const { name, description, input, effect = 'once', handler } = definition;
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new Error(`"${name}" is no name of a tool: 1 to 64 of letters, digits, _ - .`);
  return {
    name,
    listed: {
      name,
      description,
      inputSchema: { ...z.toJSONSchema(input, { io: 'input' }), type: 'object' },
      annotations: { readOnlyHint: effect === 'read', idempotentHint: effect !== 'once' },
    },
    call: async (args, context) => {
      const fit = await input.safeParseAsync(args);
      if (!fit.success) return { text: `The arguments do not fit:\n${z.prettifyError(fit.error)}`, isError: true };
      try {
        return { text: textOf(await handler(fit.data, context)), isError: false };
      } catch (error) {
        return { text: error instanceof Error ? error.message : String(error), isError: true };
      }
    },
  };
}

const textOf = (answer: unknown): string =>
  typeof answer === 'string' ? answer : (JSON.stringify(answer ?? null) ?? 'null');
