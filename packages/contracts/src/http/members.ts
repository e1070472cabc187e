import { z } from 'zod';
import { role } from '../actor.ts';
import { page } from './page.ts';

export const memberResource = z
  .object({
    id: z.uuid(),
    kind: z.enum(['person', 'service']),
    issuer: z.string(),
    subject: z.string().describe('What the issuer calls them for ever.'),
    name: z.string().nullable(),
    email: z.string().nullable(),
    roles: z.array(role).describe('Given here, beside those that tokens bring.'),
    disabled_at: z.iso.datetime().nullable().describe('null: they are let in.'),
    created_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime().describe('To the minute.'),
  })
  .meta({ id: 'Member' });
export type MemberResource = z.output<typeof memberResource>;

export const memberPage = page(memberResource);

export const updateMemberBody = z
  .strictObject({
    roles: z.array(role).max(5).describe('All that are given here; those that tokens bring stay.'),
    disabled: z.boolean().default(false).describe('Their tokens no longer let in, whatever roles they bring.'),
  })
  .meta({ id: 'MemberSettings' });
export type UpdateMemberBody = z.input<typeof updateMemberBody>;
