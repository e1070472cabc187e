import { ConnectionFailed, HoldfastError, RunFailed } from '@holdfast/sdk';

/** What the process exits with; told in `holdfast --help`. */
export const exitCodes = {
  ok: 0,
  /** The server refused, the run failed or was cancelled, a check failed, or specs differ. */
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

/** Any error in words for people, with what to do; `program` as in `Output`. */
export function failureOf(error: unknown, program: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ConnectionFailed)
    return new Failure(`${error.message} Start Holdfast (npm start), or set HOLDFAST_URL.`, exitCodes.unreachable);
  if (error instanceof HoldfastError) return new Failure(refusal(error, program));
  if (error instanceof RunFailed) return new Failure(error.message);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new Failure(`${error instanceof Error ? error.message : String(error)}${code}`);
}

function refusal({ message, code, status, problem }: HoldfastError, program: string): string {
  const errors = problem?.errors ?? [];
  const places = errors.length > 1 ? errors.map(({ path, message: wrong }) => `\n  ${path}: ${wrong}`).join('') : '';
  const isNoId = errors.some(({ path }) => /^\{(run|thread|bulk|key)\}$/.test(path));
  const hint =
    hints(program)[code] ??
    (status === 401 ? 'Set HOLDFAST_API_KEY to a key that is good.' : isNoId ? idHint(program) : null);
  // The places get a line each.
  const [first] = errors;
  const what = places === '' || first === undefined ? message : (message.split(` ${first.path}: `)[0] ?? message);
  return `${what}${hint === null ? '' : ` ${hint}`} (${code})${places}`;
}

/** What to do at the command line, where the server's own words do not say it. */
const hints = (program: string): Readonly<Record<string, string>> => ({
  run_not_found: `See ${program} runs list.`,
  agent_not_found: `See ${program} agents list.`,
  version_not_found: `See ${program} agents versions <agent>.`,
  schedule_not_found: `See ${program} schedules list.`,
  schedule_busy: 'With --force one starts all the same.',
  attention_not_found: `See ${program} attention.`,
  tool_server_unavailable: 'Here that is --offline.',
  unexpected_answer: 'Does HOLDFAST_URL name a Holdfast server of this release?',
});

const idHint = (program: string): string =>
  `An id is whole, such as 019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b; ${program} runs list, threads list, keys list and runs bulk list show them.`;
