import { z } from 'zod';
import { actor } from '../actor.ts';

/** Who the key speaks for, and which release answers. */
export const me = z.object({ tenant: z.string(), by: actor, release: z.string() }).meta({ id: 'Me' });
export type Me = z.output<typeof me>;
