import type { AgentVersion, EventBody, RunEvent } from '@holdfast/contracts';
import { returnedBefore } from '../run/budgets.ts';
import { bornUnreadable, evolve } from '../run/evolve.ts';
import { beginTranscript, prompt, type Transcript } from '../run/prompt.ts';
import { begin, type RunState } from '../run/state.ts';
import { stamp } from '../run/stamp.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { CorruptEvent, decodeEvent } from './event-codec.ts';
import type { RunStore, StoredRun, StoredSnapshot } from './run-store.ts';
import type { StoredEvent } from './stored-event.ts';

/** A run as folded from its log: what the rules read, and what the model is shown. */
export interface LoadedRun {
  readonly state: RunState;
  readonly transcript: Transcript;
}

export interface LogPorts {
  readonly runs: RunStore;
  readonly artifacts: ArtifactStore;
  /** Versions are immutable, so whoever implements this may cache them for ever. */
  readonly versions: (ref: RunRef, versionId: string) => Promise<AgentVersion | null>;
}

/** Names the code that made a snapshot: raise it whenever the shape of state or transcript changes. */
const SNAPSHOT_FORMAT = 'run-11';
const PAGE = 500;

export const beginRun = (run: string, version: AgentVersion): LoadedRun => ({
  state: begin(run, version),
  transcript: beginTranscript(version),
});

/** Folds one more event. */
export const extend = ({ state, transcript }: LoadedRun, event: RunEvent): LoadedRun => ({
  state: evolve(state, event),
  transcript: prompt(transcript, event),
});

/** Gives bodies their numbers and time, and folds them; an end is preceded by what it gives back. */
export function extendBy(
  run: LoadedRun,
  bodies: readonly EventBody[],
  at: number,
): { run: LoadedRun; events: RunEvent[] } {
  const events: RunEvent[] = [];
  let next = run;
  for (const body of bodies) {
    for (const each of [...returnedBefore(next.state, body), body]) {
      const event = stamp(next.state, each, at);
      next = extend(next, event);
      events.push(event);
    }
  }
  return { run: next, events };
}

/** Folds what was appended since. An event that cannot be read becomes a problem of the log. */
export async function catchUp(ports: LogPorts, ref: RunRef, run: LoadedRun): Promise<LoadedRun> {
  let next = run;
  for (;;) {
    const page = await ports.runs.eventsAfter(ref, next.state.head, PAGE);
    next = await fold(ports, ref, next, page);
    if (page.length < PAGE) return next;
  }
}

async function fold(ports: LogPorts, ref: RunRef, run: LoadedRun, events: readonly StoredEvent[]): Promise<LoadedRun> {
  let next = run;
  for (const stored of events) {
    try {
      next = extend(next, await decodeEvent(ports.artifacts, ref, stored));
    } catch (error) {
      if (!(error instanceof CorruptEvent)) throw error;
      next = { ...next, state: withProblem(next.state, stored.seq, stored.at, error.message) };
    }
  }
  return next;
}

/**
 * The run from its snapshot and the events after it; null when the tenant has no such run.
 * @throws Error when the pinned version is gone: versions are never deleted while a run has them.
 */
export async function loadRun(ports: LogPorts, ref: RunRef): Promise<{ stored: StoredRun; run: LoadedRun } | null> {
  const stored = await ports.runs.load(ref);
  if (stored === null) return null;
  const version = await ports.versions(ref, stored.versionId);
  if (version === null) throw new Error(`run ${ref.run}: its version ${stored.versionId} is not in the database`);
  const begun = fromSnapshot(stored, version);
  // The tail follows on the stored snapshot, which may be one that does not count.
  const fits = stored.tail[0]?.seq === begun.state.head + 1;
  const run = fits ? await fold(ports, ref, begun, stored.tail) : begun;
  const whole = run.state.head < stored.head ? await catchUp(ports, ref, run) : run;
  // It was deleted between the two reads: a run has an event as long as it is there.
  return whole.state.phase === 'unborn' ? null : { stored, run: whole };
}

function fromSnapshot({ snapshot, run, head }: StoredRun, version: AgentVersion): LoadedRun {
  // One that is ahead of the log was made before the database lost commits.
  if (snapshot === null || snapshot.format !== SNAPSHOT_FORMAT || snapshot.seq > head) return beginRun(run, version);
  return restoreSnapshot(snapshot.body, version);
}

/** The run as `snapshotOf` wrote it. */
export function restoreSnapshot(body: string, version: AgentVersion): LoadedRun {
  const { state, transcript } = JSON.parse(body) as LoadedRun;
  return { state: { ...state, version }, transcript };
}

/** A cache beside the log; the version is pinned and need not be kept twice. */
export function snapshotOf({ state, transcript }: LoadedRun): StoredSnapshot {
  return {
    seq: state.head,
    format: SNAPSHOT_FORMAT,
    body: JSON.stringify({ state: { ...state, version: null }, transcript }),
  };
}

function withProblem(state: RunState, seq: number, at: number, reason: string): RunState {
  if (state.phase === 'unborn') return bornUnreadable(state, seq, at, reason);
  if (state.phase === 'ended') return { ...state, head: seq, lastAt: at };
  return { ...state, head: seq, lastAt: at, problem: state.problem ?? { seq, reason, since: at } };
}
