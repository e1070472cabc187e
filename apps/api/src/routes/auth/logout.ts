import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { sendTo, theLogin } from './send-to.ts';

export const logout = route({
  method: 'POST',
  url: '/auth/logout',
  operation: null,
  params: nothing,
  query: nothing,
  body: z.strictObject({}).optional(),
  form: true,
  tag: 'Login',
  summary: 'Log a browser out',
  description:
    'Ends the session here, then sends the browser to end it at the issuer. Send it as a form of a page of this server: the address at the issuer holds a token, which scripts must not see.',
  answers: { 303: { description: 'To the issuer, which sends the browser to `/signed-out`.' } },
  refusals: ['login_not_configured', 'cross_site_request'],
  handle: async (ports, { request, reply }) => sendTo(reply, 303, await theLogin(ports).logout(request)),
});
