import { uploadResource } from '@holdfast/contracts';
import { noUpload, verifyUpload } from '@holdfast/core';
import { noBody, nothing, route, uploadParams } from '../../http/route.ts';
import { uploadResourceOf } from '../../resources/upload.ts';

export const completeUpload = route({
  method: 'POST',
  url: '/v1/uploads/:upload/complete',
  operation: 'uploads.complete',
  params: uploadParams,
  query: nothing,
  body: noBody,
  tag: 'Artifacts',
  summary: 'Complete an upload',
  description:
    'Verifies size and digest of what was sent, which takes as long as reading it takes. May be asked again, also while it is under way.',
  answers: { 200: { description: 'Runs may take it.', json: uploadResource } },
  refusals: ['upload_not_found', 'upload_incomplete', 'upload_mismatch', 'artifacts_unavailable', 'artifacts_busy'],
  audit: true,
  resource: async ({ uploads }, caller, { upload: id }) => {
    const upload = await uploads.get(caller, id);
    return upload === null ? null : uploadResourceOf(upload);
  },
  handle: async (ports, { caller, params, change }) => {
    await verifyUpload(ports, caller, params.upload);
    return change(async ({ uploads }) => {
      const completed = await uploads.complete(caller, params.upload);
      if (completed === null) throw noUpload(params.upload);
      return { status: 200, json: uploadResourceOf(completed) };
    });
  },
});
