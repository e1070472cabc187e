/** One thing that is wrong with what was sent: where, and what would be right. */
export interface Issue {
  /** JSON Pointer into the body, `?name` for the query, '' for the whole. */
  readonly path: string;
  readonly message: string;
}

/**
 * The request cannot be done, through no fault of ours. `code` is one of the error codes of the contract, which knows
 * the HTTP status; `message` says in a sentence what is wrong and what would be right.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;
  readonly issues: readonly Issue[];

  constructor(code: string, message: string, issues: readonly Issue[] = []) {
    super(message);
    this.code = code;
    this.issues = issues;
  }
}
