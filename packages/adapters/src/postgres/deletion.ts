import type { Deletion, Hint, RunStatus } from '@holdfast/core';

/** As `delete_run` and `delete_thread` answer. */
export interface DeletionRow {
  readonly outcome: 'deleted' | 'missing' | 'live' | 'parent-live';
  readonly run_id: string;
  readonly status: RunStatus;
}

export function deletionOf(rows: readonly DeletionRow[]): Deletion {
  const [first] = rows;
  if (first === undefined || first.outcome === 'deleted')
    return { type: 'deleted', runs: rows.map(({ run_id: run }) => run) };
  if (first.outcome === 'missing') return { type: 'missing' };
  return { type: first.outcome, run: first.run_id, status: first.status };
}

/** Streams of these runs end, and a worker removes their files. */
export const deletedHints = (runs: readonly string[]): Hint[] =>
  runs.length === 0 ? [] : [...runs.map((run): Hint => ({ about: 'deleted', run })), { about: 'outbox' }];
