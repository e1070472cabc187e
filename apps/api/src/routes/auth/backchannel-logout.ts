import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { theLogin } from './send-to.ts';

export const backchannelLogout = route({
  method: 'POST',
  url: '/auth/backchannel-logout',
  operation: null,
  params: nothing,
  query: nothing,
  body: z.looseObject({ logout_token: z.string().max(20_000) }),
  form: true,
  tag: 'Login',
  summary: 'Hear from the issuer that a login is over',
  description: 'OpenID Connect Back-Channel Logout: ends every session of the `sid`, or of the `sub`, of the token.',
  answers: { 204: { description: 'None of these sessions is left.' } },
  refusals: ['invalid_request', 'login_not_configured', 'issuer_unavailable'],
  handle: async (ports, { body, request, reply }) => {
    await theLogin(ports).ended(body.logout_token, request);
    reply.header('cache-control', 'no-store');
    return { status: 204 };
  },
});
