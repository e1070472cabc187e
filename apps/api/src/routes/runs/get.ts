import { runResource } from '@holdfast/contracts';
import { getRun } from '@holdfast/core';
import { preferredWait, preferWait, viewAfter } from '../../http/prefer-wait.ts';
import { noBody, nothing, route, runParams } from '../../http/route.ts';
import { runResource as resource } from '../../resources/run.ts';

export const get = route({
  method: 'GET',
  url: '/v1/runs/:run',
  operation: 'runs.get',
  params: runParams,
  query: nothing,
  body: noBody,
  tag: 'Runs',
  summary: 'Get a run',
  headers: { Prefer: preferWait },
  answers: { 200: { description: 'The run as it stands now.', json: runResource } },
  refusals: ['run_not_found'],
  handle: async (ports, { caller, params: { run }, request, reply }) => {
    const ref = { tenant: caller.tenant, run };
    const view = await getRun(ports, ref);
    const wait = preferredWait(request);
    if (wait === null) return { status: 200, json: resource(view) };
    return {
      status: 200,
      json: resource(view.end === null ? await viewAfter(ports, reply, ref, wait) : view),
      headers: { 'preference-applied': `wait=${wait}` },
    };
  },
});
