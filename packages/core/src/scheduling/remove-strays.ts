import { validate as isUuid } from 'uuid';
import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import type { ArtifactStore, StoredFile, StoredFiles } from '../log/artifact-store.ts';
import { fileDigests } from '../log/file-digests.ts';
import type { ArtifactRow, RunStore } from '../log/run-store.ts';
import type { RunRef, TenantScope } from '../tenant-scope.ts';
import { readLog } from '../use-cases/read-log.ts';

export interface StrayPorts {
  readonly runs: RunStore;
  readonly artifacts: ArtifactStore & StoredFiles;
  readonly artifactRows: (ref: RunRef) => Promise<readonly ArtifactRow[]>;
  /** Whether this installation has the tenant, or has erased it: a folder may have been another database's. */
  readonly knowsTenant: (scope: TenantScope) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;
/** Younger files may belong to an append that is under way. */
const STRAY_AFTER_MS = 24 * HOUR_MS;
/** Older files of a run that is there were judged by earlier rounds; judging them means to read its whole log. */
const JUDGED_FOR_MS = 96 * HOUR_MS;
/** Less than the hours between two looks, so that a round begins each day. */
const ROUND_MS = 23 * HOUR_MS;
const RUNS_AT_ONCE = 100;

/**
 * Removes files that no event refers to: their append never committed, or their run is gone. Each call looks at some of
 * the runs that have files and returns at how many; 0 = the round has ended, and the next one is not due. All workers may
 * do it at once. `wait`: the part of a round, 0 to 1, to wait before the first one, so that workers that start together do
 * not all walk together, and not at every start.
 */
export function removeStrays(ports: StrayPorts, wait: number): () => Promise<number> {
  let round: AsyncIterator<RunRef> | null = null;
  let begunAt = ports.clock.now() - (1 - wait) * ROUND_MS;
  return async () => {
    const now = ports.clock.now();
    if (round === null) {
      if (now - begunAt < ROUND_MS) return 0;
      begunAt = now;
      round = ports.artifacts.runs()[Symbol.asyncIterator]();
    }
    for (let looked = 0; looked < RUNS_AT_ONCE; looked += 1) {
      // After a failure the round is begun anew, at its time.
      const current: AsyncIterator<RunRef> = round;
      round = null;
      const { done, value: ref } = await current.next();
      if (done === true) return looked;
      await removeFrom(ports, ref, now).catch((error: unknown) =>
        ports.log.warn({ ...ref, err: error }, 'stray files could not be removed'),
      );
      round = current;
    }
    return RUNS_AT_ONCE;
  };
}

async function removeFrom(ports: StrayPorts, ref: RunRef, now: number): Promise<void> {
  if (!isUuid(ref.tenant) || !isUuid(ref.run)) return;
  const { artifacts } = ports;
  const files = await artifacts.files(ref);
  const old = files.filter(({ writtenAt }) => writtenAt < now - STRAY_AFTER_MS);
  if (old.length === 0) return;
  // Each by itself, also where the run is not there: it may be about to be made, with a file that is written meanwhile.
  for (const file of await straysOf(ports, ref, old, now)) await artifacts.remove(ref, file);
}

async function straysOf(
  { runs, artifacts, artifactRows, knowsTenant }: StrayPorts,
  ref: RunRef,
  old: readonly StoredFile[],
  now: number,
): Promise<readonly StoredFile[]> {
  const listed = new Set((await artifactRows(ref)).map(({ digest }) => digest));
  const unlisted = old.filter(({ digest }) => digest === null || !listed.has(digest));
  if (unlisted.length === 0) return [];
  const stored = await runs.load(ref);
  if (stored === null) return (await knowsTenant(ref)) ? unlisted : [];
  const judged = unlisted.filter(({ writtenAt }) => writtenAt >= now - JUDGED_FOR_MS);
  if (judged.length === 0) return [];
  const { events, payloads } = await readLog({ runs, artifacts }, ref);
  // What cannot be read may refer to anything.
  const referred = events.length < stored.head ? null : fileDigests(payloads, events);
  return judged.filter(({ digest }) => digest === null || (referred !== null && !referred.has(digest)));
}
