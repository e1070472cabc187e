import { receiveUpload, refused } from '@holdfast/core';
import { noBody, nothing, route, uploadParams } from '../../http/route.ts';

/** The way for those who do not reach the store. The bytes pass through a piece at a time. */
export const sendUpload = route({
  method: 'PUT',
  url: '/v1/uploads/:upload/content',
  operation: 'uploads.send',
  params: uploadParams,
  query: nothing,
  body: noBody,
  bytes: true,
  tag: 'Artifacts',
  summary: 'Send the bytes of an upload',
  description: 'Only what has the size and digest that were told is kept. May be sent again.',
  answers: { 204: { description: 'They are there; the upload can be completed.' } },
  refusals: ['upload_not_found', 'upload_mismatch', 'artifacts_unavailable', 'artifacts_busy'],
  handle: async (ports, { caller, params, bytes, reply }) => {
    try {
      // Destroyed, the request would take its connection with it, and the refusal could not be sent.
      await receiveUpload(ports, caller, params.upload, bytes.iterator({ destroyOnReturn: false }));
    } catch (error) {
      // What is left of the body is not waited for.
      reply.header('connection', 'close');
      // Nobody is there to hear it; it is no fault of the server.
      if (bytes.errored !== null) throw refused('invalid_request', 'The body broke off before its end.');
      throw error;
    }
    return { status: 204 };
  },
});
