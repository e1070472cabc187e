import { runSummary, steerBody } from '@holdfast/contracts';
import { pause } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { say } from '../../http/say.ts';
import { runNow, runAsItIs } from './run-now.ts';

export const pauseRun = route({
  method: 'POST',
  url: '/v1/runs/:run/pause',
  operation: 'runs.pause',
  params: runParams,
  query: nothing,
  body: steerBody.optional(),
  tag: 'Runs',
  summary: 'Pause a run',
  description: 'Calls under way end and are recorded; nothing new begins.',
  answers: { 202: { description: 'It is recorded; the run as it stands now.', json: runSummary } },
  refusals: ['run_not_found', 'run_ended', 'run_stopping', 'run_already_paused', 'run_busy'],
  idempotent: true,
  resource: runAsItIs,
  audit: true,
  handle: (ports, ask) => {
    const { caller, params, body } = ask;
    const ref = { tenant: caller.tenant, run: params.run };
    return say(ports, ask, ref, pause(caller, body?.reason), (_event, directory) => runNow(directory, ref));
  },
});
