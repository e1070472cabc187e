import type { ArtifactPart, RunEvent } from '@holdfast/contracts';
import { v4 as uuidv4 } from 'uuid';
import type { RunState } from '../run/state.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { movesOf } from './budget-moves.ts';
import { encodeEvent } from './event-codec.ts';
import { project } from './projection.ts';
import type { Append, ArtifactRow, NewRun } from './run-store.ts';

export interface Holding {
  readonly worker: string | null;
  readonly take: Append['take'];
  readonly release: boolean;
}

/** The API speaks; it never holds a run. */
export const fromOutside: Holding = { worker: null, take: null, release: false };

/** The append that carries these events; they lead from `before` to `after`. Large payloads are stored first. */
export async function appendOf(
  artifacts: ArtifactStore,
  ref: RunRef,
  before: RunState,
  after: RunState,
  events: readonly RunEvent[],
  now: number,
  holding: Holding,
  children: readonly NewRun[] = [],
): Promise<Append> {
  // Looked for in one place only, so it need not sort: a random one costs a twentieth.
  const id = uuidv4();
  const projection = project(before, after, now, events.flatMap(artifactsOf));
  const budgets = movesOf(events, waitsForBudget(before), waitsForBudget(after));
  const unheard = holding.worker === null && before.phase === 'live' && before.admitted && after.phase === 'ended';
  return {
    tenant: ref.tenant,
    run: ref.run,
    id,
    expected: before.head,
    events: await Promise.all(
      events.map((event, index) => encodeEvent(artifacts, ref, event, index === 0 ? id : null)),
    ),
    projection: unheard
      ? { ...projection, outbox: [...projection.outbox, { kind: 'engine', subject: ref.run, at: now }] }
      : projection,
    children,
    ...(budgets === null ? {} : { budgets }),
    ...holding,
  };
}

const waitsForBudget = (state: RunState): boolean => state.phase === 'live' && state.shortage !== null;

/** Files that the event added to the run. */
export function artifactsOf(event: RunEvent): ArtifactRow[] {
  if (!('artifacts' in event.data)) return [];
  return (event.data.artifacts ?? []).map(artifactRowOf);
}

export const artifactRowOf = ({ digest, name, media_type, size }: ArtifactPart): ArtifactRow => ({
  digest,
  name: name ?? null,
  mediaType: media_type,
  size,
});
