import { z } from 'zod';

/** Who is logged in in a browser. */
export const loginSession = z.strictObject({
  /** People can log in here: the server knows an OIDC issuer. */
  available: z.boolean(),
  session: z.strictObject({ issuer: z.string(), subject: z.string(), expires_at: z.iso.datetime() }).nullable(),
});
export type LoginSession = z.output<typeof loginSession>;

/** How people log in here. */
export const loginOptions = z
  .object({
    issuer: z.string().nullable().describe('The OIDC issuer whose access tokens are taken; null = API keys alone are.'),
    browser: z.boolean().describe('Browsers log in at `/auth/login`.'),
    device: z
      .object({ client_id: z.string(), scope: z.string() })
      .nullable()
      .describe('What a command line asks the issuer for, by the device authorization grant; null = it cannot.'),
  })
  .meta({ id: 'LoginOptions' });
export type LoginOptions = z.output<typeof loginOptions>;
