import type { LogPorts } from '../log/loaded-run.ts';
import { decodeEvent } from '../log/event-codec.ts';
import type { ArtifactRow } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';

const PAGE = 500;

/** The files that a run's calls have added, oldest first, read from its log: the one truth a worker may read. */
export async function artifactsInLog(
  { runs, artifacts }: Pick<LogPorts, 'runs' | 'artifacts'>,
  ref: RunRef,
): Promise<readonly ArtifactRow[]> {
  const found: ArtifactRow[] = [];
  for (let after = 0; ;) {
    const page = await runs.eventsAfter(ref, after, PAGE);
    for (const stored of page) {
      if (stored.type !== 'tool.returned') continue;
      const event = await decodeEvent(artifacts, ref, stored);
      if (event.type !== 'tool.returned') continue;
      for (const { digest, name, media_type, size } of event.data.artifacts ?? [])
        found.push({ digest, name: name ?? null, mediaType: media_type, size });
    }
    after = page.at(-1)?.seq ?? after;
    if (page.length < PAGE) return found;
  }
}
