import { z } from 'zod';
import { page } from './page.ts';

/** Tools name it as `secret://<name>`. */
export const secretName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and dashes, beginning with a letter',
});

/** A shorter value could not be told from other text, where it must not be shown. */
export const setSecretBody = z.strictObject({ value: z.string().min(4).max(65_536) });
export type SetSecretBody = z.input<typeof setSecretBody>;

/** Everything about a secret but its value, which is never shown. */
export const secretResource = z
  .object({
    name: z.string(),
    version: z.int().positive().describe('Counts from 1, grows with each new value; `ETag` is the same in quotes.'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Secret' });
export type SecretResource = z.output<typeof secretResource>;
export const secretPage = page(secretResource);
