import { noBody, nothing, route } from '../../http/route.ts';

/** The process lives. */
export const healthz = route({
  method: 'GET',
  url: '/healthz',
  operation: null,
  params: nothing,
  query: nothing,
  body: noBody,
  handle: () => Promise.resolve({ status: 200, json: { status: 'ok' } }),
});
