import { digest, fileLink } from '@holdfast/contracts';
import { artifactOf, LINK_SECONDS } from '@holdfast/core';
import { noBody, nothing, route, runParams } from '../../http/route.ts';
import { fileLinkOf } from '../../resources/upload.ts';

/** For browsers and programs that shall not have a key, and for bytes that need not pass through the API. */
export const link = route({
  method: 'GET',
  url: '/v1/runs/:run/artifacts/:digest/link',
  operation: 'artifacts.link',
  params: runParams.extend({ digest }),
  query: nothing,
  body: noBody,
  tag: 'Artifacts',
  summary: 'Get a link to a file',
  description: 'For an hour it lets in whoever has it, where the store can be reached from outside.',
  answers: { 200: { description: 'The link.', json: fileLink, headers: { 'Cache-Control': 'It is not to be kept.' } } },
  refusals: ['run_not_found', 'artifact_not_found', 'artifacts_unavailable'],
  audit: true,
  handle: async (ports, { caller, params }) => {
    const ref = { tenant: caller.tenant, run: params.run };
    const { name } = await artifactOf(ports, ref, params.digest);
    const signed = await ports.artifacts.downloadLink(ref, params.digest, name ?? params.digest, LINK_SECONDS);
    const own = `${ports.publicUrl()}/v1/runs/${params.run}/artifacts/${params.digest}`;
    return {
      status: 200,
      json: fileLinkOf(signed, own, ports.clock.now()),
      headers: { 'cache-control': 'no-store' },
    };
  },
});
