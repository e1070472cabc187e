import { z } from 'zod';

/** What is told about a key beside its schema: in the reference, in `.env.example`, and in messages. */
export interface KeyMeta {
  readonly description: string;
  readonly example: string;
  /** As text; null = no default. */
  readonly default: string | null;
  /** The processes that read it. */
  readonly used: readonly ('api' | 'worker' | 'standalone' | 'cli')[];
  /** It may hold a password: never shown. */
  readonly secret: boolean;
}

export const everywhere = ['api', 'worker', 'standalone'] as const;

/** Processes that have runs carried, or look whether they can. */
export const driving = ['worker', 'standalone', 'cli'] as const;

export const keyMeta = z.object({
  description: z.string(),
  example: z.string(),
  default: z.string().nullable(),
  used: z.array(z.enum(['api', 'worker', 'standalone', 'cli'])),
  secret: z.boolean(),
}) satisfies z.ZodType<KeyMeta>;
