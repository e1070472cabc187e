import { z } from 'zod';
import { noBody, nothing, route } from '../../http/route.ts';
import { sendTo, theLogin } from './send-to.ts';

export const callback = route({
  method: 'GET',
  url: '/auth/callback',
  operation: null,
  rate: 'auth',
  params: nothing,
  // Issuers add what they like; the client library looks at what counts.
  query: z.looseObject({ state: z.string().max(500) }),
  body: noBody,
  tag: 'Login',
  summary: 'Take a browser back from the issuer',
  description: 'The session cookie is HttpOnly and SameSite=Lax; on https also Secure, with the prefix `__Host-`.',
  answers: { 302: { description: 'To where the login began; with the session cookie.' } },
  refusals: ['login_not_configured', 'login_refused', 'issuer_unavailable'],
  handle: async (ports, { query, request, reply }) =>
    sendTo(reply, 302, await theLogin(ports).finish(request, query.state)),
});
