import { runSummary, steerBody } from '@holdfast/contracts';
import { cancel } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { runNow } from './run-now.ts';

export const cancelRun = route({
  method: 'POST',
  url: '/v1/runs/:run/cancel',
  operation: 'runs.cancel',
  params: runParams,
  query: nothing,
  body: steerBody.optional(),
  tag: 'Runs',
  summary: 'Cancel a run',
  description: 'What may be aborted is; begun `once` calls are given 10 s to answer. Then the run ends as cancelled.',
  answers: { 202: { description: 'It is recorded; the run as it stands now.', json: runSummary } },
  refusals: ['run_not_found', 'run_ended', 'run_stopping', 'run_busy'],
  handle: async (ports, { caller, params, body }) => {
    await cancel(ports, caller, params.run, body?.reason);
    return runNow(ports, { tenant: caller.tenant, run: params.run });
  },
});
