import { runSummary, steerBody } from '@holdfast/contracts';
import { cancel } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { say } from '../../http/say.ts';
import { runNow, runAsItIs } from './run-now.ts';

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
  idempotent: true,
  resource: runAsItIs,
  audit: true,
  handle: (ports, ask) => {
    const { caller, params, body } = ask;
    const ref = { tenant: caller.tenant, run: params.run };
    return say(ports, ask, ref, cancel(caller, body?.reason), (_event, directory) => runNow(directory, ref));
  },
});
