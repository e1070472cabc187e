import { agent } from '../harness/agents.ts';
import type { Setup } from '../on-each-setup.ts';
import { ended, Product, until } from '../harness/product.ts';
import { seeded } from '../../seeded.ts';

/** On PGlite the whole process is killed. */
export interface CrashDemoOptions extends Setup {
  readonly runs: number;
  readonly kills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
  /** Default 2; on PGlite there is one process. */
  readonly workers?: number;
  /** Done once, in the middle of the kills. */
  readonly disturb?: () => Promise<void>;
}

export interface CrashFigures {
  readonly accepted: number;
  readonly kills: number;
  readonly ended: number;
  /** Runs that asked a person at least once what became of an effect. */
  readonly asked: number;
  /** Neither ended nor asked. */
  readonly lost: number;
  readonly missingEvents: number;
  /** Keys of `once` calls that the counter saw more than once. */
  readonly onceDoubled: number;
  /** The most executions that one `idempotent` key had. */
  readonly idempotentMost: number;
  /** From the kill to the take-over of each run that the dead worker held, ms. */
  readonly resumeMs: readonly number[];
}

const STEPS = 12;
const PENDING = 12;

/** Runs with tool calls, half of them `once` and half `idempotent`, under random kills; counted by a separate process. */
export async function crashDemo(options: CrashDemoOptions): Promise<CrashFigures> {
  const { postgres, temporal, runs: wanted, kills, seed, say, workers = 2, disturb } = options;
  const random = seeded(seed);
  const product = await Product.start({ postgres, temporal, workers });
  try {
    const calls = [
      { tool: 'pay', args: { ms: 150 } },
      { tool: 'note', args: { ms: 150 } },
    ];
    await product.publish(
      agent(
        'crash-demo',
        Array.from({ length: STEPS }, () => calls),
      ),
    );
    // A server that was just started judges nobody for one lease (5 s); a real one has been up for longer.
    if (postgres !== null) await new Promise((resolve) => setTimeout(resolve, 6_000));
    const runs: string[] = [];
    await Promise.all(
      Array.from({ length: PENDING }, async () => {
        while (runs.length < wanted) {
          const place = runs.push('') - 1;
          runs[place] = (await product.client.runs.start({ agent: 'crash-demo', input: `run ${place + 1}` })).id;
        }
      }),
    );
    say(`${runs.length} runs accepted; killing ${postgres === null ? 'the process' : 'workers'} with SIGKILL`);

    const person = new Person(product);
    const killedAt = new Map<string, number>();
    for (let kill = 1; kill <= kills; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, 300 + random() * 600));
      const index = await busyWorker(product, runs[Math.floor(random() * runs.length)] ?? '');
      const worker = product.workers[index];
      if (worker === undefined) throw new Error('no worker is alive');
      killedAt.set(worker.ready['worker'] ?? '', Date.now());
      await product.killAndReplace(index);
      say(`  kill ${kill}: worker ${worker.ready['worker'] ?? ''}`);
      if (disturb !== undefined && kill === Math.ceil(kills / 2)) await disturb();
      await person.answerAll();
    }
    const open = new Set(runs);
    await until('all runs to end', 180_000, async () => {
      await person.answerAll();
      for (const run of open) if (ended.has((await product.client.runs.get(run)).status)) open.delete(run);
      return open.size === 0 ? true : null;
    }).catch(() => undefined);
    return await figures(product, runs, open, person.asked, killedAt);
  } finally {
    await product.stop();
  }
}

/** Who holds this run or, where nobody does, the newest that somebody holds: a worker without runs dies for nothing. */
async function busyWorker(product: Product, run: string): Promise<number> {
  const { items } = await product.client.runs.list({ status: 'running', limit: 200 }).page();
  for (const id of [run, ...items.map((each) => each.id)]) {
    const index = product.holderOf(await product.events(id));
    if (index >= 0) return index;
  }
  return 0;
}

/** Decides about unknown effects as a person would: looks whether it happened. */
class Person {
  readonly asked = new Set<string>();
  readonly #product: Product;

  constructor(product: Product) {
    this.#product = product;
  }

  async answerAll(): Promise<void> {
    const { items } = await this.#product.client.attention
      .list({ limit: 200 })
      .page()
      .catch(() => ({ items: [] }));
    if (items.length === 0) return;
    const counted = await this.#product.counter.timesByKey('pay');
    for (const { run_id, ref, kind } of items) {
      if (kind !== 'unknown-effect') continue;
      this.asked.add(run_id);
      const happened = counted.has(`${run_id}.${ref}`);
      await this.#product.client.attention
        .decide(run_id, ref, happened ? { decision: 'done', content: 'pay counted' } : { decision: 'fail' })
        .catch(() => undefined);
    }
  }
}

async function figures(
  product: Product,
  runs: readonly string[],
  open: ReadonlySet<string>,
  asked: ReadonlySet<string>,
  killedAt: ReadonlyMap<string, number>,
): Promise<CrashFigures> {
  let missingEvents = 0;
  const resumeMs: number[] = [];
  for (const run of runs) {
    const events = await product.events(run);
    const { head } = await product.client.runs.get(run);
    missingEvents += head - new Set(events.map((event) => event.seq)).size;
    for (const { type, data, at } of events) {
      const killed = type === 'run.taken_over' ? killedAt.get(String(data['from'])) : undefined;
      if (killed !== undefined) resumeMs.push(Date.parse(at) - killed);
    }
  }
  const once = [...(await product.counter.timesByKey('pay')).values()];
  const idempotent = [...(await product.counter.timesByKey('note')).values()];
  return {
    accepted: runs.length,
    kills: killedAt.size,
    ended: runs.length - open.size,
    asked: asked.size,
    lost: [...open].filter((run) => !asked.has(run)).length,
    missingEvents,
    onceDoubled: once.filter((times) => times > 1).length,
    idempotentMost: Math.max(0, ...idempotent),
    resumeMs: resumeMs.toSorted((left, right) => left - right),
  };
}

/** What was broken, one line each; none when every promise was kept. */
export function brokenPromises({
  ended: done,
  accepted,
  lost,
  missingEvents,
  onceDoubled,
  idempotentMost,
  kills,
}: CrashFigures): string[] {
  return [
    ...(lost > 0 ? [`${lost} runs were lost`] : []),
    ...(done < accepted ? [`${accepted - done} runs did not end`] : []),
    ...(missingEvents > 0 ? [`${missingEvents} events are missing`] : []),
    ...(onceDoubled > 0 ? [`${onceDoubled} once effects were done twice`] : []),
    ...(idempotentMost > kills + 1 ? [`an idempotent effect was done ${idempotentMost} times in ${kills} kills`] : []),
  ];
}

export const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
