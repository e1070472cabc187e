import { z } from 'zod';
import { actor } from '../actor.ts';

/** Who asks, and which release answers. */
export const me = z
  .object({
    tenant: z.string(),
    by: actor,
    name: z.string().nullable().describe('Of the key, or of the person; null = not known.'),
    release: z.string(),
  })
  .meta({ id: 'Me' });
export type Me = z.output<typeof me>;
