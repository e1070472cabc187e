import type { RunRef } from '../tenant-scope.ts';
import { refused } from './refused.ts';
import type { RunDirectory } from './run-directory.ts';
import { notFound } from './speak.ts';

/**
 * Deletes an ended run and those below it; returns how many. In the caller's transaction.
 * @throws HoldfastError `run_not_found`, `run_live`, `parent_live`.
 */
export async function deleteRun(directory: Pick<RunDirectory, 'delete'>, ref: RunRef): Promise<number> {
  const deletion = await directory.delete(ref);
  switch (deletion.type) {
    case 'deleted':
      return deletion.runs.length;
    case 'missing':
      throw notFound(ref);
    case 'live': {
      const { run, status } = deletion;
      const which = run === ref.run ? `The run ${run}` : `The run ${run}, which stands below the run ${ref.run},`;
      throw refused('run_live', `${which} is ${status}. Cancel it, and delete it once it has ended.`, [], {
        run_status: status,
      });
    }
    case 'parent-live': {
      const { run, status } = deletion;
      throw refused(
        'parent_live',
        `The run ${ref.run} was started by the run ${run}, which is ${status} and may still read its result. ` +
          'Delete it once that one has ended, or delete that one: those below it go with it.',
        [],
        { run_status: status },
      );
    }
  }
}
