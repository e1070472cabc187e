import { runSummary } from '@holdfast/contracts';
import { resume } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { runNow } from './run-now.ts';

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
  handle: async (ports, { caller, params }) => {
    await resume(ports, caller, params.run);
    return runNow(ports, { tenant: caller.tenant, run: params.run });
  },
});
