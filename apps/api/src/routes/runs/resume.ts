import { runSummary } from '@holdfast/contracts';
import { resume } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { say } from '../../http/say.ts';
import { runNow, runAsItIs } from './run-now.ts';

export const resumeRun = route({
  method: 'POST',
  url: '/v1/runs/:run/resume',
  operation: 'runs.resume',
  params: runParams,
  query: nothing,
  body: nothing.optional(),
  tag: 'Runs',
  summary: 'Let a paused run go on',
  answers: { 202: { description: 'It is recorded; the run as it stands now.', json: runSummary } },
  refusals: ['run_not_found', 'run_ended', 'run_not_paused', 'run_busy'],
  idempotent: true,
  resource: runAsItIs,
  audit: true,
  handle: (ports, ask) => {
    const { caller, params } = ask;
    const ref = { tenant: caller.tenant, run: params.run };
    return say(ports, ask, ref, resume(caller), (_event, directory) => runNow(directory, ref));
  },
});
