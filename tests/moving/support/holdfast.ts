import { runCli } from '@holdfast/cli';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One command of the CLI, in this process, with nothing but this environment. */
export async function holdfast(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runCli(
    args,
    { env, cwd: '/', home: '/nowhere' },
    {
      tty: false,
      out: (text) => (out += `${text}\n`),
      err: (text) => (err += `${text}\n`),
      bytes: (bytes) => (out += typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
      secret: () => Promise.reject(new Error('nobody types')),
    },
  );
  return { code, out, err };
}
