import type { ArtifactStore } from '../log/artifact-store.ts';
import { decodeEvent } from '../log/event-codec.ts';
import type { RunStore } from '../log/run-store.ts';
import { Ledger, ledgerEvents, type LedgerLine } from '../run/ledger.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { RunDirectory } from './run-directory.ts';
import { notFound } from './speak.ts';

const PAGE = 500;

/** What became of each tool call of the run. @throws HoldfastError `run_not_found`. */
export async function listEffects(
  ports: { readonly directory: RunDirectory; readonly runs: RunStore; readonly artifacts: ArtifactStore },
  ref: RunRef,
): Promise<readonly LedgerLine[]> {
  if ((await ports.directory.get(ref)) === null) throw notFound(ref);
  const ledger = new Ledger();
  const kept: ReadonlySet<string> = ledgerEvents;
  for (let after = 0; ;) {
    const events = await ports.runs.eventsAfter(ref, after, PAGE);
    for (const event of events) if (kept.has(event.type)) ledger.keep(await decodeEvent(ports.artifacts, ref, event));
    after = events.at(-1)?.seq ?? after;
    if (events.length < PAGE) return ledger.lines;
  }
}
