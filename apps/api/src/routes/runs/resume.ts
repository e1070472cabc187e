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
  handle: async (ports, { caller, params }) => {
    await resume(ports, caller, params.run);
    return runNow(ports, { tenant: caller.tenant, run: params.run });
  },
});
