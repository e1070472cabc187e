import type { DataOf } from '@holdfast/contracts';
import { type LoadedRun, loadRun, type LogPorts } from '../log/loaded-run.ts';
import type { StoredRun } from '../log/run-store.ts';
import type { RunState } from '../run/state.ts';
import { threadPrefix } from '../run/thread-prefix.ts';
import type { RunRef } from '../tenant-scope.ts';

/** A run with what was said in its thread before it, to be pinned in its own log at its admission; null: no such run. */
export async function loadInThread(
  ports: LogPorts,
  ref: RunRef,
): Promise<{
  readonly run: LoadedRun;
  readonly thread: DataOf<'run.admitted'>['thread'];
  readonly budgeted: boolean;
} | null> {
  let gone: string | null = null;
  for (;;) {
    const loaded = await loadRun(ports, ref);
    if (loaded === null) return null;
    const { stored, run } = loaded;
    const said = await saidBefore(ports, stored, run.state);
    // Deleted meanwhile: then the run follows another one, or none.
    if (said !== 'gone' || stored.follows === gone)
      return { run, thread: said === 'gone' ? undefined : said, budgeted: stored.budgeted };
    gone = stored.follows;
  }
}

/** Nothing when it continues no thread or was admitted already. */
async function saidBefore(
  ports: LogPorts,
  { tenant, follows }: StoredRun,
  state: RunState,
): Promise<DataOf<'run.admitted'>['thread'] | 'gone'> {
  if (follows === null || state.phase !== 'live' || state.thread === null || state.admitted) return undefined;
  const before = await loadRun(ports, { tenant, run: follows });
  if (before === null) return 'gone';
  const { max_tokens } = state.version.context;
  const said = threadPrefix(before.run.transcript.messages, Math.floor(max_tokens / 2));
  return { run: follows, seq: before.run.state.head, said };
}
