import type { StoredFiles } from '../log/artifact-store.ts';
import type { RunStore } from '../log/run-store.ts';
import type { OutboxHandler } from './outbox.ts';

/** Rows of kind `files`, whose subject is a deleted run: its files go, too. A death on the way is made up for. */
export const removeFiles =
  ({ runs, artifacts }: { readonly runs: Pick<RunStore, 'load'>; readonly artifacts: StoredFiles }): OutboxHandler =>
  async ({ tenant, subject }) => {
    const ref = { tenant, run: subject };
    if ((await runs.load(ref)) !== null) throw new Error(`run ${subject} is there; its files are not removed`);
    await artifacts.removeRun(ref);
    return 'done';
  };
