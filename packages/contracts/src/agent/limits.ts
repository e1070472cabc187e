import { z } from 'zod';

/**
 * Limits of one run. Each call is reserved against them before it begins.
 * `null` = no limit. Cost in micro-dollars, times in milliseconds.
 */
export const limits = z.strictObject({
  steps: z.int().positive(),
  tokens: z.int().positive(),
  cost_usd_micros: z.int().positive().nullable(),
  /** Only while a call is under way. */
  active_ms: z.int().positive(),
  /** From the creation of the run. */
  deadline_ms: z.int().positive(),
});
export type Limits = z.infer<typeof limits>;

/** The limits a person may raise; the deadline ends the run instead of asking. */
export const raisableLimit = z.enum(['steps', 'tokens', 'cost_usd_micros', 'active_ms']);
export type RaisableLimit = z.infer<typeof raisableLimit>;

/** Prices in micro-dollars per million tokens; `null` = not priced. */
export const prices = z.strictObject({
  input_per_mtok: z.int().nonnegative(),
  output_per_mtok: z.int().nonnegative(),
});
export type Prices = z.infer<typeof prices>;
