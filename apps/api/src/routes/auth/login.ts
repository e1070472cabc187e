import { z } from 'zod';
import { noBody, nothing, route } from '../../http/route.ts';
import { sendTo, theLogin } from './send-to.ts';

export const login = route({
  method: 'GET',
  url: '/auth/login',
  operation: null,
  rate: 'auth',
  params: nothing,
  query: z.strictObject({
    return_to: z.string().max(2_000).default('/auth/session'),
    tenant: z
      .string()
      .regex(/^[\w.-]{1,100}$/, { error: 'is the name of a tenant' })
      .optional()
      .describe('For this tenant alone, where the issuer has such logins, as Keycloak has.'),
  }),
  body: noBody,
  tag: 'Login',
  summary: 'Log a browser in',
  description: 'Sends the browser to the OIDC issuer (authorization code with PKCE), and later to `return_to`.',
  answers: { 302: { description: 'To the issuer.' } },
  refusals: ['login_not_configured', 'issuer_unavailable'],
  handle: async (ports, { query, reply }) =>
    sendTo(reply, 302, await theLogin(ports).begin(query.return_to, query.tenant ?? null)),
});
