import type { AttentionResource, Holdfast, RunResource, WireEvent } from '@holdfast/sdk';
import { isTerminal } from '@holdfast/sdk';
import { showAsked } from './decision-line.ts';
import { type ExitCode, exitCodes } from './failure.ts';
import { type Output, plain, printable, showEvent } from './output.ts';
import { type Waits, waitsOf } from './waits.ts';
import { showWords } from './words.ts';

/** The log is quiet for this long after somebody was asked: the run waits. */
const QUIET_MS = 400;
/** Runs below write no event here when they begin to wait: they are looked at again. */
const BELOW_MS = 1_000;

export interface Following {
  /** Begin after this event. */
  readonly after: number;
  /** End when the run waits for a person. */
  readonly stopAtWaits: boolean;
}

/** Shows a run's events until its end, or until it waits for a person when `stopAtWaits`. */
export async function follow(client: Holdfast, output: Output, run: string, following: Following): Promise<ExitCode> {
  const stream = new AbortController();
  const words = showWords(output);
  const events = client.runs.events(run, {
    after: following.after,
    signal: stream.signal,
    // Words of a model are for people who look on.
    ...(output.tty ? { deltas: words.show } : {}),
  });
  try {
    let next = events.next();
    let seen = following.after;
    // Asking again makes no sense before there is news. Without `after`, what is there already is news.
    let askInMs: number | null = QUIET_MS;
    for (;;) {
      const step: IteratorResult<WireEvent, void> | 'quiet' =
        following.stopAtWaits && askInMs !== null ? await Promise.race([next, pause(askInMs)]) : await next;
      if (step === 'quiet') {
        const waits = await waitsNow(client, run, seen);
        // The pending read ends with the stream.
        next.catch(() => undefined);
        if (waits.for === 'people') return tellWaits(output, run, waits.items);
        askInMs = waits.for === 'runs' ? BELOW_MS : null;
        continue;
      }
      if (step.done === true) break;
      words.end();
      showEvent(output, step.value);
      seen = step.value.seq;
      words.after(step.value);
      askInMs = isTerminal(step.value.type) ? null : QUIET_MS;
      next = events.next();
    }
    return tellEnd(output, await client.runs.get(run));
  } finally {
    // An open stream would keep the process alive.
    stream.abort();
  }
}

/** A pause that nobody waits for any more does not keep the process alive. */
const pause = (ms: number): Promise<'quiet'> =>
  new Promise((resolve) => setTimeout(() => resolve('quiet'), ms).unref());

/** What the run waits for, once all of its events were shown. */
async function waitsNow(client: Holdfast, run: string, seen: number): Promise<Waits> {
  const now = await client.runs.get(run);
  return now.head > seen ? { for: 'else' } : waitsOf(client, now);
}

function tellWaits(output: Output, run: string, open: readonly AttentionResource[]): ExitCode {
  output.err('The run waits for a person:');
  for (const item of open) {
    if (item.run_id !== run) output.err(printable(`  below it, run ${item.run_id} of ${item.agent}:`));
    showAsked(output, output.err, item);
  }
  return exitCodes.waits;
}

/** How the run ended; on standard output the answer. */
export function tellEnd(output: Output, run: RunResource): ExitCode {
  if (run.status === 'succeeded') {
    if (!output.json) output.out(`\n${printable(plain(run.output ?? []))}`);
    return exitCodes.ok;
  }
  if (!output.json)
    output.err(
      run.error === null
        ? `The run was ${run.status}.`
        : printable(`The run failed: ${run.error.detail} (${run.error.code})`),
    );
  return exitCodes.failed;
}
