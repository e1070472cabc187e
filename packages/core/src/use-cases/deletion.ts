import type { RunStatus } from '../log/run-store.ts';

/** What became of a deletion. Nothing was changed unless it is `deleted`. */
export type Deletion =
  /** These runs are gone, with their logs; their files go as soon as a worker comes to it. */
  | { readonly type: 'deleted'; readonly runs: readonly string[] }
  /** No such run or thread in that tenant. */
  | { readonly type: 'missing' }
  /** That run has not ended: the one that was named, or one below it or in the thread. */
  | { readonly type: 'live'; readonly run: string; readonly status: RunStatus }
  /** The run that has started it has not ended. */
  | { readonly type: 'parent-live'; readonly run: string; readonly status: RunStatus };

/** A thread stands below no run. */
export type ThreadDeletion = Exclude<Deletion, { readonly type: 'parent-live' }>;
