import type { ErrorCode, Problem, RunResource } from '@holdfast/contracts';

/** The server refused, or failed; nothing more will be tried. Decide by `code`, which is stable. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  /** One of the reference of error codes; `unexpected_answer` when the answer was not Holdfast's. */
  readonly code: ErrorCode | (string & {});
  /** HTTP status. */
  readonly status: number;
  /** The whole problem document; null when there was none. */
  readonly problem: Problem | null;
  /** The log of the server has the request under this id. */
  readonly requestId: string | null;
  /** ms the server asks to wait; null: it did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    facts: Pick<HoldfastError, 'code' | 'status' | 'problem' | 'requestId' | 'retryAfterMs'>,
  ) {
    super(message);
    this.code = facts.code;
    this.status = facts.status;
    this.problem = facts.problem;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Nobody answered, or the answer broke off, at every attempt. Whether the request was done is not known. */
export class ConnectionFailed extends Error {
  override readonly name = 'ConnectionFailed';
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`No answer from ${url}: ${reasonOf(cause)}.`, { cause });
    this.url = url;
  }
}

/** The run ended without an output: it failed (`code` says why) or was cancelled (`code` = `cancelled`). */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
  readonly code: string;
  readonly run: RunResource;

  constructor(run: RunResource) {
    super(
      run.error === null
        ? `Run ${run.id} ended as ${run.status}.`
        : `Run ${run.id} failed: ${run.error.detail} (${run.error.code})`,
    );
    this.code = run.error?.code ?? run.status;
    this.run = run;
  }
}

/** `fetch` says no more than "fetch failed"; the reason stands in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error.cause instanceof Error)) return error.message;
  const { code } = error.cause as { code?: unknown };
  return typeof code === 'string' ? code : error.cause.message;
}
