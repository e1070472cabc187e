import { z } from 'zod';
import { duration } from './duration.ts';

/** Attempts of one model or tool call; `timeout` is per attempt. */
export const retries = z.strictObject({
  attempts: z.int().min(1).max(100).default(5),
  first: duration.default(1_000),
  factor: z.number().min(1).max(10).default(2),
  max: duration.default(60_000),
  timeout: duration.default(120_000),
});
/** Times in ms. */
export type Retries = z.infer<typeof retries>;
