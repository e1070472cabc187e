import type { DataOf } from '@holdfast/contracts';
import { loadRun, type LogPorts } from '../log/loaded-run.ts';
import type { StoredRun } from '../log/run-store.ts';
import type { RunState } from '../run/state.ts';
import { threadPrefix } from '../run/thread-prefix.ts';

/**
 * What was said in the run's thread before it, to be pinned in its own log at its admission; nothing when it continues
 * no thread, was admitted already, or the run before it was deleted.
 */
export async function saidBefore(
  ports: LogPorts,
  { tenant, follows }: StoredRun,
  state: RunState,
): Promise<DataOf<'run.admitted'>['thread']> {
  if (follows === null || state.phase !== 'live' || state.thread === null || state.admitted) return undefined;
  const before = await loadRun(ports, { tenant, run: follows });
  if (before === null) return undefined;
  const { max_tokens } = state.version.context;
  const said = threadPrefix(before.run.transcript.messages, Math.floor(max_tokens / 2));
  return { run: follows, seq: before.run.state.head, said };
}
