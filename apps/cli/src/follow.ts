import type { AttentionResource, Holdfast, RunResource, WireEvent } from '@holdfast/sdk';
import { isTerminal } from '@holdfast/sdk';
import { showAsked } from './decision-line.ts';
import { type ExitCode, exitCodes } from './failure.ts';
import { type Output, plain, printable, showEvent } from './output.ts';
import { showWords } from './words.ts';

/** The log is quiet for this long after somebody was asked: the run waits. */
const QUIET_MS = 400;

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
    let news = true;
    for (;;) {
      const step: IteratorResult<WireEvent, void> | 'quiet' =
        following.stopAtWaits && news ? await Promise.race([next, pause()]) : await next;
      if (step === 'quiet') {
        const waits = await waitsForPeople(client, run, seen);
        // The pending read ends with the stream.
        next.catch(() => undefined);
        if (waits !== null) return tellWaits(output, waits);
        news = false;
        continue;
      }
      if (step.done === true) break;
      words.end();
      showEvent(output, step.value);
      seen = step.value.seq;
      words.after(step.value);
      news = !isTerminal(step.value.type);
      next = events.next();
    }
    return tellEnd(output, await client.runs.get(run));
  } finally {
    // An open stream would keep the process alive.
    stream.abort();
  }
}

const pause = (): Promise<'quiet'> => new Promise((resolve) => setTimeout(() => resolve('quiet'), QUIET_MS));

/** What the run waits for, once all of its events were shown. */
async function waitsForPeople(
  client: Holdfast,
  run: string,
  seen: number,
): Promise<readonly AttentionResource[] | null> {
  const { status, waiting_for, head } = await client.runs.get(run);
  if (head > seen || status !== 'waiting') return null;
  if (waiting_for.some(({ reason }) => reason !== 'attention' && reason !== 'input')) return null;
  const { items } = await client.attention.list({ run }).page();
  return items.length === 0 ? null : items;
}

function tellWaits(output: Output, open: readonly AttentionResource[]): ExitCode {
  output.err('The run waits for a person:');
  for (const item of open) showAsked(output, output.err, item);
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
