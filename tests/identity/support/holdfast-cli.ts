import { spawn } from 'node:child_process';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Settings {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Running {
  /** Once it has written something of this form. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ran>;
}

/** The command line as a process of its own, in an empty folder. */
export function startHoldfast(args: readonly string[], { home, env }: Settings): Running {
  const main = new URL('../../../apps/cli/src/main.ts', import.meta.url).pathname;
  const tsx = import.meta.resolve('tsx');
  const child = spawn(process.execPath, ['--conditions=holdfast-source', '--import', tsx, main, ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  const heard = new Set<() => void>();
  const hear = (): void => {
    for (const look of heard) look();
  };
  child.stdout.on('data', (data) => {
    out += String(data);
    hear();
  });
  child.stderr.on('data', (data) => {
    err += String(data);
    hear();
  });
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, out, err })));
  return {
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(out + err);
          if (found === null) return;
          heard.delete(look);
          resolve(found);
        };
        heard.add(look);
        look();
        void ended.then((ran) => reject(new Error(`it ended with ${ran.code}: ${ran.err}`)));
      }),
  };
}

export const holdfast = (args: readonly string[], settings: Settings): Promise<Ran> =>
  startHoldfast(args, settings).ended;
