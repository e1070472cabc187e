import { z } from 'zod';
import { type ErrorCode, errorCodes } from './error-codes.ts';

/** One place in the request that is wrong. */
export const problemError = z.object({
  path: z.string().meta({ description: 'JSON Pointer into the body; `?name` for the query; empty for the whole.' }),
  message: z.string(),
  expected: z.string().optional().meta({ description: 'What would be right.' }),
});
export type ProblemError = z.infer<typeof problemError>;

/** RFC 9457 problem details. Readers decide by `code`; further members may come with some codes. */
export const problem = z
  .looseObject({
    type: z.string().meta({ description: 'The page about this code.', example: '/errors/run_ended' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'What happened this time, for people.' }),
    code: z.string().meta({ description: 'Stable; see the list of error codes.', example: 'run_ended' }),
    instance: z.string().optional().meta({ description: 'The request it is about.' }),
    errors: z.array(problemError).optional(),
    run_status: z.string().optional().meta({ description: 'The status of the run that refuses, or is in the way.' }),
    active_run: z.string().optional().meta({ description: 'With `thread_busy`: the run that is in the way.' }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;

export interface ErrorExtras {
  readonly errors?: readonly ProblemError[];
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error that the caller is told: its code says what kind, its message what happened this time. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly errors: readonly ProblemError[];
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string, { errors = [], members = {}, cause }: ErrorExtras = {}) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.errors = errors;
    this.members = members;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** Where a code is explained, from the root of the installation. */
export const errorPage = (code: ErrorCode): string => `/errors/${code}`;

/** The document for an error. Its fixed members win over those of `members`. */
export function problemOf({ code, message, errors, members }: HoldfastError, instance?: string): Problem {
  const { status, title } = errorCodes[code];
  return {
    ...members,
    type: errorPage(code),
    title,
    status,
    detail: message,
    code,
    ...(instance === undefined ? {} : { instance }),
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
  };
}
