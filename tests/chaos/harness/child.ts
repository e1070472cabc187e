import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { builtProgram } from './build-product.ts';

/** Flags of Node: another release is run from its sources. */
const fromSources = ['--conditions=holdfast-source', '--import', 'tsx'];

/** A child process of the product. */
export class Child {
  readonly process: ChildProcess;
  /** What it said when it was ready. */
  readonly ready: Record<string, string>;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;

  private constructor(process: ChildProcess, ready: Record<string, string>, ended: Promise<void>) {
    this.process = process;
    this.ready = ready;
    this.ended = ended;
  }

  /** `from`: the folder of another release, whose sources are run. @throws Error when it ends before it is ready. */
  static async start(role: 'api' | 'worker' | 'both', env: Record<string, string>, from?: string): Promise<Child> {
    const program =
      from === undefined
        ? [builtProgram('product-main')]
        : [...fromSources, join(from, 'tests/chaos/harness/product-main.ts')];
    const child = spawn(process.execPath, [...program, role], {
      ...(from === undefined ? {} : { cwd: from }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const ready = await new Promise<Record<string, string>>((resolve, reject) => {
      void ended.then(() => reject(new Error(`${role} ended before it was ready: ${errors}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = JSON.parse(line) as Record<string, unknown>;
        if (!('level' in said)) resolve(said as Record<string, string>);
        else if (process.env['CHAOS_LOG'] === '1') process.stderr.write(`${role} ${line}\n`);
      });
    });
    return new Child(child, ready, ended);
  }

  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  async kill(): Promise<void> {
    if (!this.alive) return;
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
