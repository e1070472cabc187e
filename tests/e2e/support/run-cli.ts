import { runCli } from '@holdfast/cli';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliSurroundings {
  readonly env: Readonly<Record<string, string>>;
  /** Where it is run, and whose home it is; left out: nowhere. */
  readonly folder?: string;
  readonly tty?: boolean;
  /** What is typed where it asks; left out: nobody is there to type. */
  readonly secret?: string;
}

/** One command of the CLI in this process: what it writes and exits with is the same, without the start of a process. */
export async function ranCli(
  args: readonly string[],
  { env, folder, tty = false, secret }: CliSurroundings,
): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runCli(
    args,
    { env, cwd: folder ?? '/', home: folder ?? '/nowhere' },
    {
      tty,
      out: (text) => (out += `${text}\n`),
      err: (text) => (err += `${text}\n`),
      bytes: (bytes) => (out += typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
      secret: () => (secret === undefined ? Promise.reject(new Error('nobody types')) : Promise.resolve(secret)),
    },
  );
  return { code, out, err };
}
