import { uploadResource } from '@holdfast/contracts';
import { uploadOf } from '@holdfast/core';
import { noBody, nothing, route, uploadParams } from '../../http/route.ts';
import { uploadResourceOf } from '../../resources/upload.ts';

export const getUpload = route({
  method: 'GET',
  url: '/v1/uploads/:upload',
  operation: 'uploads.get',
  params: uploadParams,
  query: nothing,
  body: noBody,
  tag: 'Artifacts',
  summary: 'Get an upload',
  answers: { 200: { description: 'The upload.', json: uploadResource } },
  refusals: ['upload_not_found'],
  handle: async ({ uploads }, { caller, params }) => ({
    status: 200,
    json: uploadResourceOf(await uploadOf(uploads, caller, params.upload)),
  }),
});
