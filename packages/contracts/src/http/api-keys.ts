import { z } from 'zod';
import { role } from '../actor.ts';
import { duration } from '../agent/duration.ts';
import { page } from './page.ts';

export const createKeyBody = z.strictObject({
  name: z.string().min(1).max(100),
  roles: z.array(role).nonempty().max(5),
  expires_in: duration.optional().describe('Never when left out.'),
  member: z
    .uuid()
    .optional()
    .describe('The member whose key it is: all keys of a member count as one person where several must approve.'),
});
export type CreateKeyBody = z.input<typeof createKeyBody>;

/** The old secret goes on for `overlap`, so that whoever uses it can change over. */
export const rotateKeyBody = z.strictObject({
  overlap: duration.default(86_400_000).describe('The old secret is good for so long; 24 h when left out.'),
  expires_in: duration.optional().describe('A new end for the key; it stays as it is when left out.'),
});
export type RotateKeyBody = z.input<typeof rotateKeyBody>;

const keyFields = {
  id: z.uuid(),
  name: z.string(),
  roles: z.array(role),
  member: z.uuid().nullable().describe('Whose key it is; null: nobody’s but its own.'),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable().describe('To the minute; null: never used.'),
  previous_until: z.iso.datetime().nullable().describe('The old secret of a rotation is good until then.'),
  revoked_at: z.iso.datetime().nullable(),
};

export const keyResource = z.object(keyFields).meta({ id: 'ApiKey' });
export type KeyResource = z.output<typeof keyResource>;

/** Shown once: only the hash of the secret is kept. */
export const newKeyResource = z.object({ ...keyFields, key: z.string() }).meta({ id: 'NewApiKey' });
export type NewKeyResource = z.output<typeof newKeyResource>;

export const keyPage = page(keyResource);
