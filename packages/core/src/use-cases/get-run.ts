import type { DataOf, RunEvent } from '@holdfast/contracts';
import { isTerminal } from '@holdfast/contracts';
import type { ArtifactStore } from '../log/artifact-store.ts';
import { decodeEvent } from '../log/event-codec.ts';
import { hasEnded, type RunStore } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { RunDirectory, RunSummary } from './run-directory.ts';
import { notFound } from './speak.ts';

export interface RunView {
  readonly summary: RunSummary;
  readonly created: Extract<RunEvent, { type: 'run.created' }>;
  /** Of a fork: what is another than in its source. */
  readonly forked: DataOf<'run.forked'> | null;
  /** The event that ended it; null while it lives. */
  readonly end: RunEvent | null;
}

export interface GetRunPorts {
  readonly directory: RunDirectory;
  readonly runs: RunStore;
  readonly artifacts: ArtifactStore;
}

const PAGE = 100;

/** What became of a run, from its row, its first event and its last ones. @throws HoldfastError `run_not_found`. */
export async function getRun(ports: GetRunPorts, ref: RunRef): Promise<RunView> {
  const summary = await ports.directory.get(ref);
  if (summary === null) throw notFound(ref);
  const [first] = await ports.runs.eventsAfter(ref, 0, 1);
  if (first === undefined) throw notFound(ref);
  const created = await decodeEvent(ports.artifacts, ref, first);
  if (created.type !== 'run.created') throw new Error(`run ${ref.run} begins with ${created.type}`);
  const forked = await forkedOf(ports, ref, summary.attributes.forkedFrom);
  return { summary, created, forked, end: hasEnded(summary) ? await endOf(ports, ref, summary.head) : null };
}

async function forkedOf(
  { runs, artifacts }: GetRunPorts,
  ref: RunRef,
  source: { readonly seq: number } | null,
): Promise<DataOf<'run.forked'> | null> {
  const [first] = source === null ? [] : await runs.eventsAfter(ref, source.seq, 1);
  if (first === undefined) return null;
  const event = await decodeEvent(artifacts, ref, first);
  return event.type === 'run.forked' ? event.data : null;
}

/** Only resolutions of unknown effects follow the end, so it is near the head. */
async function endOf({ runs, artifacts }: GetRunPorts, ref: RunRef, head: number): Promise<RunEvent | null> {
  for (let before = head; before > 0; before -= PAGE) {
    const after = Math.max(0, before - PAGE);
    const events = await runs.eventsAfter(ref, after, before - after);
    const end = events.find((event) => isTerminal(event.type));
    if (end !== undefined) return decodeEvent(artifacts, ref, end);
  }
  return null;
}
