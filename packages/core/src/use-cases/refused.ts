import { type ErrorCode, HoldfastError, type ProblemError } from '@holdfast/contracts';

/**
 * The request cannot be done, through no fault of ours. `message` says in a sentence what is wrong and what would be
 * right; `errors` name the places; `members` are facts for programs, such as the state that was in the way.
 */
export const refused = (
  code: ErrorCode,
  message: string,
  errors: readonly ProblemError[] = [],
  members: Readonly<Record<string, unknown>> = {},
): HoldfastError => new HoldfastError(code, message, { errors, members });
