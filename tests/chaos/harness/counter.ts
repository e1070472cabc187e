import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { builtProgram } from './build-product.ts';

const effect = z.object({ tool: z.string(), key: z.string(), attempt: z.number() });
export type CountedEffect = z.infer<typeof effect>;

/** A separate process that counts effects in a file; it survives every kill of a test. */
export class Counter {
  readonly url: string;
  readonly #file: string;
  readonly #child: ChildProcess;

  private constructor(url: string, file: string, child: ChildProcess) {
    this.url = url;
    this.#file = file;
    this.#child = child;
  }

  static async start(file: string): Promise<Counter> {
    const child = spawn(process.execPath, [builtProgram('counter-main'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return new Counter(line.toString().trim(), file, child);
  }

  async effects(): Promise<CountedEffect[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => effect.parse(JSON.parse(line)));
  }

  async timesByKey(tool?: string): Promise<Map<string, number>> {
    const times = new Map<string, number>();
    for (const { key, tool: name } of await this.effects())
      if (tool === undefined || tool === name) times.set(key, (times.get(key) ?? 0) + 1);
    return times;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
