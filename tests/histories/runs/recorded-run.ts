import type { AgentVersion } from '@holdfast/contracts';
import { type LoadedRun, loadRun, type LogPorts, snapshotOf, type StoredEvent } from '@holdfast/core';

/** A run as some release has left it in the database: a file of this folder. */
export interface RecordedRun {
  readonly tenant: string;
  readonly run: string;
  /** The version that it is pinned to. */
  readonly version: AgentVersion;
  readonly events: readonly StoredEvent[];
  /** What these events come to: state and transcript, as a snapshot holds them. */
  readonly folded: unknown;
}

/** Folds its log as an API or a worker does that has no snapshot of it. */
export async function foldRecorded({ tenant, run, version, events }: Omit<RecordedRun, 'folded'>): Promise<unknown> {
  const no = (): Promise<never> => Promise.reject(new Error('a recorded run is read and nothing else'));
  const ports: LogPorts = {
    runs: {
      load: () =>
        Promise.resolve({
          tenant,
          run,
          versionId: version.id,
          head: events.length,
          holder: null,
          follows: null,
          budgeted: false,
          snapshot: null,
          tail: [],
        }),
      eventsAfter: (_, after, limit) => Promise.resolve(events.slice(after, after + limit)),
      append: no,
      saveSnapshot: no,
    },
    artifacts: { put: no, get: no, copy: no },
    versions: () => Promise.resolve(version),
  };
  const loaded = await loadRun(ports, { tenant, run });
  if (loaded === null) throw new Error(`the run ${run} has no event`);
  return asKept(loaded.run);
}

const asKept = (run: LoadedRun): unknown => JSON.parse(snapshotOf(run).body);
