/** What the process exits with; listed in `holdfast --help`. */
export const exitCodes = {
  ok: 0,
  /** The server refused, or the run failed or was cancelled. */
  failed: 1,
  usage: 2,
  /** The run waits for a person. */
  waits: 3,
  /** Nobody answers at the URL. */
  unreachable: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command with one clear line (or a few) that say what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
