import type { TenantScope } from '../tenant-scope.ts';
import { noThread } from './join-thread.ts';
import { refused } from './refused.ts';
import type { ThreadStore } from './thread-store.ts';

/**
 * Deletes a thread with its runs and those below them; returns how many runs. In the caller's transaction.
 * @throws HoldfastError `thread_not_found`, `thread_busy`.
 */
export async function deleteThread(
  threads: Pick<ThreadStore, 'delete'>,
  scope: TenantScope,
  thread: string,
): Promise<number> {
  const deletion = await threads.delete(scope, thread);
  switch (deletion.type) {
    case 'deleted':
      return deletion.runs.length;
    case 'missing':
      throw noThread(thread);
    case 'live':
      throw refused(
        'thread_busy',
        `The run ${deletion.run} of the thread ${thread} is ${deletion.status}. Cancel it, and delete the thread once it has ended.`,
        [],
        { active_run: deletion.run, run_status: deletion.status },
      );
  }
}
