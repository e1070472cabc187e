import { deleteRun } from '@holdfast/core';
import { noBody, nothing, route, runParams } from '../../http/route.ts';
import { runAsItIs } from './run-now.ts';

export const remove = route({
  method: 'DELETE',
  url: '/v1/runs/:run',
  operation: 'runs.delete',
  params: runParams,
  query: nothing,
  body: noBody,
  tag: 'Runs',
  summary: 'Delete a run',
  description:
    'Deletes a run that has ended, for good: its log, its files, and the runs that it has started. Forks of it stay. What it has used still counts, and the audit log says who deleted it.',
  answers: { 204: { description: 'It is gone; its files follow within seconds.' } },
  refusals: ['run_not_found', 'run_live', 'parent_live'],
  resource: runAsItIs,
  audit: ({ changed }) => ({ detail: changed }),
  handle: (_ports, { caller, params: { run }, change }) =>
    change(async ({ directory }) => ({
      status: 204,
      changed: { deleted: await deleteRun(directory, { tenant: caller.tenant, run }) },
    })),
});
