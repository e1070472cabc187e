import type { AttentionResource, RunResource, WireEvent } from '@holdfast/contracts';
import { isTerminal } from '@holdfast/contracts';
import type { Client } from './client.ts';
import { type ExitCode, exitCodes } from './failure.ts';
import { type Output, plain, showEvent } from './output.ts';

/** The log is quiet for this long after somebody was asked: the run waits. */
const QUIET_MS = 400;

/** Shows a run's events until its end, or until it waits for a person when `stopAtWaits`. */
export async function follow(
  client: Client,
  output: Output,
  run: string,
  after: number,
  stopAtWaits: boolean,
): Promise<ExitCode> {
  const stream = new AbortController();
  try {
    return await show(client, output, run, client.events(run, after, stream.signal), stopAtWaits);
  } finally {
    // An open stream would keep the process alive.
    stream.abort();
  }
}

async function show(
  client: Client,
  output: Output,
  run: string,
  events: AsyncGenerator<WireEvent>,
  stopAtWaits: boolean,
): Promise<ExitCode> {
  let next = events.next();
  let seen = 0;
  // Asking again makes no sense before there is news.
  let news = false;
  for (;;) {
    const step: IteratorResult<WireEvent> | 'quiet' =
      stopAtWaits && news ? await Promise.race([next, pause()]) : await next;
    if (step === 'quiet') {
      const waits = await waitsForPeople(client, run, seen);
      if (waits !== null) {
        // The pending read ends with the stream.
        next.catch(() => undefined);
        return tellWaits(output, waits);
      }
      news = false;
      continue;
    }
    if (step.done === true) break;
    showEvent(output, step.value);
    seen = step.value.seq;
    news = !isTerminal(step.value.type);
    next = events.next();
  }
  return tellEnd(output, await client.getRun(run));
}

const pause = (): Promise<'quiet'> => new Promise((resolve) => setTimeout(() => resolve('quiet'), QUIET_MS));

/** What the run waits for, once all of its events were shown. */
async function waitsForPeople(client: Client, run: string, seen: number): Promise<readonly AttentionResource[] | null> {
  const { status, waiting_for, head } = await client.getRun(run);
  if (head > seen) return null;
  if (status !== 'waiting' || waiting_for.some(({ reason }) => reason === 'timer' || reason === 'capacity'))
    return null;
  const { items } = await client.attention({ run });
  return items.length === 0 ? null : items;
}

function tellWaits(output: Output, open: readonly AttentionResource[]): ExitCode {
  output.err('The run waits for a person:');
  for (const item of open) output.err(`  ${item.kind} ${item.ref}: ${decisionLine(item)}`);
  return exitCodes.waits;
}

/** The command that settles it. */
export function decisionLine({ run_id, ref, kind, detail }: AttentionResource): string {
  const command = `holdfast decide ${run_id} ${ref}`;
  switch (kind) {
    case 'approval':
      return `${command} --approve   (or --deny)   ${shown(detail['tool'])} ${JSON.stringify(detail['arguments']).slice(0, 120)}`;
    case 'question':
      return `${command} --answer JSON   ${shown(detail['question'])}`;
    case 'limit':
      return `${command} --raise N   ${shown(detail['limit'])} is ${shown(detail['value'])}`;
    case 'unknown-effect':
      return `${command} --done TEXT   (or --retry, --fail)   ${shown(detail['tool'])}`;
    case 'tool-changed':
    case 'attempts-exhausted':
      return `${command} --retry   (or --fail)`;
    case 'duplicate-after-fork':
      return `${command} --reuse   (or --call, --skip)   ${shown(detail['tool'])} ${JSON.stringify(detail['arguments']).slice(0, 120)}`;
    case 'log-problem':
      return `look into the log: holdfast watch ${run_id}`;
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

function tellEnd(output: Output, run: RunResource): ExitCode {
  if (output.json) return run.status === 'succeeded' ? exitCodes.ok : exitCodes.failed;
  if (run.status === 'succeeded') {
    output.out(`\n${plain(run.output ?? [])}`);
    return exitCodes.ok;
  }
  output.err(
    `The run ${run.status === 'failed' ? `failed: ${run.error?.detail ?? ''} (${run.error?.code ?? ''})` : `was ${run.status}.`}`,
  );
  return exitCodes.failed;
}
