import { seeded } from '../seeded.ts';

/** CI runs the long suites whole; `npm test` runs a seeded part of them. */
export const whole = process.env['HOLDFAST_LONG'] === '1';

/** Printed with whatever depends on it; CHAOS_SEED gives the same part again. */
export const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 100_000);

/** All, or a tenth (at least two) of them, chosen by the seed. */
export function share<T>(all: readonly T[]): readonly T[] {
  if (whole) return all;
  const random = seeded(seed);
  const left = [...all];
  const chosen: T[] = [];
  while (chosen.length < Math.max(2, Math.ceil(all.length / 10)) && left.length > 0)
    chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}
