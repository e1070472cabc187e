import { verifyCredentials } from '@holdfast/core';
import { letIn } from '../../http/authentication.ts';
import { noBody, nothing, route } from '../../http/route.ts';

/** For an edge that asks before it passes a request on. It keeps nothing of the request but its headers. */
export const verify = route({
  method: 'GET',
  url: '/auth/verify',
  operation: null,
  // Asked once for each request: only refusals are counted.
  rate: null,
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Login',
  summary: 'Say whether the credentials of a request are good',
  description:
    'For the edge (`forwardAuth`). An API key, an access token or a session is good or it is not; what its bearer may do is decided by the route that is asked then.',
  answers: { 204: { description: 'They are good.' } },
  refusals: ['unauthenticated', 'key_expired', 'rate_limited', 'issuer_unavailable', 'database_unavailable'],
  handle: async (ports, { request, reply }) => {
    await letIn(ports, request, reply, (credentials) => verifyCredentials(ports, credentials, ports.clock.now()));
    reply.header('cache-control', 'no-store');
    return { status: 204 };
  },
});
