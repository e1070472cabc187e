import { loginSession } from '@holdfast/contracts';
import { noBody, nothing, route } from '../../http/route.ts';
import { iso } from '../../resources/time.ts';

export const session = route({
  method: 'GET',
  url: '/auth/session',
  operation: null,
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Login',
  summary: 'Say who is logged in in this browser',
  answers: { 200: { description: 'Whose session the cookie is, if it is one.', json: loginSession } },
  handle: async ({ login }, { request, reply }) => {
    const found = login === null ? null : await login.whose(request);
    reply.header('cache-control', 'no-store');
    return {
      status: 200,
      json: {
        available: login !== null,
        session:
          found === null ? null : { issuer: found.issuer, subject: found.subject, expires_at: iso(found.expiresAt) },
      },
    };
  },
});
