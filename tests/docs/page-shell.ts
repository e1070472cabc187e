import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Ran {
  readonly code: number;
  /** Both streams, as they came. */
  readonly output: string;
}

/** Longer than the slowest command, the start of a server, needs on a busy machine. */
const WITHIN_MS = 120_000;

/** One bash for a page: variables and folders last from one command to the next, as in a reader's terminal. */
export class PageShell {
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly background: number[] = [];
  private told: ((line: string) => void) | null = null;
  private count = 0;

  /** `folder` takes what the commands write. */
  constructor(folder: string, cwd: string, environment: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.child = spawn('bash', ['--noprofile', '--norc'], {
      cwd,
      env: environment,
      stdio: ['pipe', 'ignore', 'inherit', 'pipe'],
    });
    const answers = this.child.stdio[3];
    if (answers === null || answers === undefined || !('read' in answers)) throw new Error('bash has no fourth stream');
    createInterface({ input: answers }).on('line', (line) => this.told?.(line));
    // Each command left running is a process group of its own, to be ended as a whole.
    this.say('set -m');
  }

  async run(command: string): Promise<Ran> {
    const file = this.nextFile();
    const code = await this.answer(`{ ${command}\n} > '${file}' 2>&1 < /dev/null 3>&-; echo $? >&3`, command);
    return { code, output: readFileSync(file, 'utf8') };
  }

  /** Starts it and waits until it has written `text`. */
  async leaveRunning(command: string, text: string): Promise<void> {
    const file = this.nextFile();
    const started = `( ${command}\n) > '${file}' 2>&1 < /dev/null 3>&- & echo $! >&3`;
    const pid = await this.answer(started, command);
    this.background.push(pid);
    const until = performance.now() + WITHIN_MS;
    while (!readFileSync(file, 'utf8').includes(text)) {
      if (performance.now() > until || !isAlive(pid))
        throw new Error(`${command}\nnever wrote "${text}" but:\n${readFileSync(file, 'utf8')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    for (const pid of this.background) signal(-pid, 'SIGTERM');
    const until = performance.now() + 15_000;
    for (const pid of this.background) {
      while (isAlive(-pid) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
      signal(-pid, 'SIGKILL');
    }
    const ended = new Promise((resolve) => this.child.on('close', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  private nextFile(): string {
    this.count += 1;
    const file = join(this.folder, `${this.count}.out`);
    writeFileSync(file, '');
    return file;
  }

  private say(text: string): void {
    this.child.stdin?.write(`${text}\n`);
  }

  /** The number that the shell answers with. */
  private answer(text: string, command: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`did not end within ${WITHIN_MS} ms: ${command}`)), WITHIN_MS);
      this.told = (line) => {
        clearTimeout(late);
        resolve(Number(line));
      };
      this.say(text);
    });
  }
}

/** Bash itself knows best where a command ends; it would take `<run>` for two files. */
export function isWhole(text: string): boolean {
  const input = `${text.replaceAll(/<(\w+)>/g, '$1')}\n`;
  const { status, stderr } = spawnSync('bash', ['-n'], { input, encoding: 'utf8' });
  return status === 0 && stderr === '' && !text.endsWith('\\');
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

const isAlive = (pid: number): boolean => signal(pid, 0);
