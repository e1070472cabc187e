import { z } from 'zod';

/** Runs that ended longer ago are deleted, with their files. null: kept for ever. */
export const retention = z.strictObject({ days: z.int().min(1).max(3_650).nullable() }).meta({ id: 'Retention' });
export type Retention = z.output<typeof retention>;
