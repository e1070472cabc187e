import { z } from 'zod';

const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const LONGEST_MS = 3_650 * unit.d;

/** A duration such as `500ms`, `60s`, `5m`, `1h`, `7d`; parsed to milliseconds. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, { error: 'must be a number and a unit: 500ms, 60s, 5m, 1h or 7d' })
  .transform((value) => {
    const name = /[a-z]+$/.exec(value)?.[0] as keyof typeof unit;
    return Number.parseInt(value, 10) * unit[name];
  })
  .refine((ms) => ms >= 1 && ms <= LONGEST_MS, { error: 'must be between 1ms and 3650d' });
