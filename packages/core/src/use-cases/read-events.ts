import { isTerminal } from '@holdfast/contracts';
import type { RunStore } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { hasEnded } from '../log/run-store.ts';
import type { RunDirectory } from './run-directory.ts';
import { notFound } from './speak.ts';
import { wireText } from './wire-event.ts';

/** One page of a run's log as the JSON text of an `EventPage`. @throws HoldfastError `run_not_found`. */
export async function readEvents(
  ports: { readonly directory: RunDirectory; readonly runs: RunStore },
  ref: RunRef,
  after: number,
  limit: number,
): Promise<string> {
  const summary = await ports.directory.get(ref);
  if (summary === null) throw notFound(ref);
  const events = await ports.runs.eventsAfter(ref, after, limit);
  const last = events.at(-1)?.seq ?? after;
  const head = Math.max(summary.head, last);
  const ended = (hasEnded(summary) && last >= summary.head) || events.some((event) => isTerminal(event.type));
  const items = events.map((event) => wireText(ref.run, event)).join(',');
  return `{"items":[${items}],"next_after":${last},"head":${head},"ended":${ended}}`;
}
