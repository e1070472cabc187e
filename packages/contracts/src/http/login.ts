import { z } from 'zod';

/** Who is logged in in a browser. */
export const loginSession = z.strictObject({
  /** People can log in here: the server knows an OIDC issuer. */
  available: z.boolean(),
  session: z.strictObject({ issuer: z.string(), subject: z.string(), expires_at: z.iso.datetime() }).nullable(),
});
export type LoginSession = z.output<typeof loginSession>;
