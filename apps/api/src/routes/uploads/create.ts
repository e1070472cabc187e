import { createdUpload, createUploadBody, uploadResource } from '@holdfast/contracts';
import { createUpload, LINK_SECONDS, newUploadId } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { fileLinkOf, uploadResourceOf } from '../../resources/upload.ts';

/** An `Idempotency-Key` is not stored: its row would hold a link that lets others in. What is made twice expires. */
export const createUploadRoute = route({
  method: 'POST',
  url: '/v1/uploads',
  operation: 'uploads.create',
  params: nothing,
  query: nothing,
  body: createUploadBody,
  tag: 'Artifacts',
  summary: 'Begin an upload',
  description:
    'For a file that a run shall get: send its bytes to `put`, complete the upload, and name it in `files` of the run. It is there for 24 hours.',
  answers: { 201: { description: 'The upload, and where its bytes go.', json: createdUpload } },
  refusals: ['quota_exceeded', 'artifacts_unavailable'],
  audit: ({ answer }) => {
    // Without the link.
    const after = uploadResource.parse(answer.json);
    const { id, size, digest } = after;
    return { target: `/v1/uploads/${id}`, detail: { size, digest }, after };
  },
  handle: async (ports, { caller, body, change }) => {
    const { name, media_type: mediaType, size, digest } = body;
    const id = newUploadId();
    const place = { tenant: caller.tenant, run: id };
    const signed = await ports.artifacts.uploadLink(place, digest, size, LINK_SECONDS);
    return change(async (stores) => {
      const upload = await createUpload(stores, ports.quotas, caller, { id, name, mediaType, size, digest });
      const put = fileLinkOf(signed, `${ports.publicUrl()}/v1/uploads/${id}/content`, upload.createdAt);
      return { status: 201, json: { ...uploadResourceOf(upload), put } };
    });
  },
});
