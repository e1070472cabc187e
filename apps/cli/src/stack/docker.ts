import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../failure.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** A file that standard output goes to, or that standard input comes from. */
  readonly to?: string;
  readonly from?: string;
  /** What it says goes to this terminal, as it comes. */
  readonly shown?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** `docker` with these arguments. Tests bring one of their own. */
export type Docker = (args: readonly string[], options?: RunOptions) => Promise<Ran>;

/** The program of this machine, in the folder of the Compose files. */
export function installedDocker(folder: string, env: Readonly<Record<string, string | undefined>>): Docker {
  return async (args, { to, from, shown = false, signal } = {}) => {
    const child = spawn('docker', args, {
      cwd: folder,
      env: forDocker(env),
      signal,
      stdio: [
        from === undefined ? (shown ? 'inherit' : 'ignore') : 'pipe',
        shown ? 'inherit' : 'pipe',
        shown ? 'inherit' : 'pipe',
      ],
    });
    let stdout = '';
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(notThere(error)));
      child.once('close', (code) => resolve(code ?? 1));
    });
    if (to === undefined) child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    // Dumps and copies of volumes: only their owner may read them.
    const written =
      to === undefined || child.stdout === null
        ? null
        : pipeline(child.stdout, createWriteStream(to, { mode: 0o600, flags: 'wx', flush: true }));
    const read = from === undefined || child.stdin === null ? null : pipeline(createReadStream(from), child.stdin);
    const [code] = await Promise.all([ended, Promise.allSettled([written, read])]);
    // A program whose words nobody takes ends badly, too: what kept us from writing them is the cause.
    await written?.catch((error: Error) => {
      throw new Failure(`${to} could not be written: ${error.message}`);
    });
    // Of a program that ended badly its own words say more than that it read no further.
    if (code === 0) await read;
    return { code, stdout, stderr };
  };
}

/** Settings come from `.env` alone: a variable of this shell would go before what stands there, unseen. */
const forDocker = (env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([key]) => forwarded.test(key)));
const forwarded = /^(PATH|HOME|USER|TERM|NO_COLOR|SSH_AUTH_SOCK|TMPDIR|DOCKER_.*|XDG_.*|https?_proxy|no_proxy)$/i;

function notThere(error: Error): Error {
  if (error.name === 'AbortError') return new Failure('It was interrupted.');
  return 'code' in error && error.code === 'ENOENT'
    ? new Failure('There is no program `docker` here. Install Docker Engine with the Compose plugin.')
    : error;
}

/** `docker compose …`. @throws Failure with what it said when it failed. */
export async function compose(docker: Docker, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await docker(['compose', ...args], options);
  if (code === 0) return stdout;
  const said = stderr.trim() === '' ? '' : `: ${stderr.trim().split('\n').slice(-5).join('\n')}`;
  throw new Failure(`docker compose ${args.slice(0, 3).join(' ')} ended with ${code}${said}`);
}
