import type { DataOf, Limits, RunEvent } from '@holdfast/contracts';
import { isTerminal } from '@holdfast/contracts';
import type { ArtifactStore } from '../log/artifact-store.ts';
import { decodeEvent } from '../log/event-codec.ts';
import { hasEnded, type RunStore } from '../log/run-store.ts';
import type { StoredEvent } from '../log/stored-event.ts';
import type { CapacityProblem } from '../scheduling/schedule-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { RunDirectory, RunSummary } from './run-directory.ts';
import { notFound } from './speak.ts';

export interface RunView {
  readonly summary: RunSummary;
  readonly created: Extract<RunEvent, { type: 'run.created' }>;
  /** Of a fork: what is another than in its source. */
  readonly forked: DataOf<'run.forked'> | null;
  /** Those in force: what it was created with, and what was raised since. */
  readonly limits: Limits;
  /** Of a run that waits for capacity: why none is there at all. */
  readonly capacityProblem: CapacityProblem | null;
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
  const viewed = await ports.directory.view(ref);
  if (viewed === null) throw notFound(ref);
  const { summary, first, last } = viewed;
  const created = await decodeEvent(ports.artifacts, ref, first);
  if (created.type !== 'run.created') throw new Error(`run ${ref.run} begins with ${created.type}`);
  const forked = await forkedOf(ports, ref, summary.attributes.forkedFrom);
  const limits = summary.limits ?? created.data.limits;
  const waits = summary.waitingFor.some(({ reason }) => reason === 'capacity');
  const capacityProblem = waits ? await ports.directory.capacityProblem(ref) : null;
  return {
    summary,
    created,
    forked,
    limits,
    capacityProblem,
    end: hasEnded(summary) ? await endOf(ports, ref, last) : null,
  };
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

/** Mostly the last event: only resolutions of unknown effects may follow it. */
async function endOf({ runs, artifacts }: GetRunPorts, ref: RunRef, last: StoredEvent): Promise<RunEvent | null> {
  if (isTerminal(last.type)) return decodeEvent(artifacts, ref, last);
  for (let before = last.seq; before > 0; before -= PAGE) {
    const after = Math.max(0, before - PAGE);
    const events = await runs.eventsAfter(ref, after, before - after);
    const end = events.find((event) => isTerminal(event.type));
    if (end !== undefined) return decodeEvent(artifacts, ref, end);
  }
  return null;
}
