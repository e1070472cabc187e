import { artifactPage } from '@holdfast/contracts';
import { listArtifacts } from '@holdfast/core';
import { noBody, nothing, route, runParams } from '../../http/route.ts';
import { artifactResource } from '../../resources/artifact.ts';

export const list = route({
  method: 'GET',
  url: '/v1/runs/:run/artifacts',
  operation: 'artifacts.list',
  params: runParams,
  query: nothing,
  body: noBody,
  tag: 'Artifacts',
  summary: "List a run's files",
  answers: { 200: { description: 'All files of the run, oldest first.', json: artifactPage } },
  refusals: ['run_not_found'],
  handle: async ({ directory }, { caller, params: { run } }) => {
    const rows = await listArtifacts(directory, { tenant: caller.tenant, run });
    return { status: 200, json: { items: rows.map(artifactResource) } };
  },
});
