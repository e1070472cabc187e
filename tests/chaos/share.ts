import { seeded } from '../seeded.ts';

/** CI runs the long suites whole; `npm test` runs a seeded part of them. */
export const whole = process.env['HOLDFAST_LONG'] === '1';

/** Printed with whatever depends on it; CHAOS_SEED gives the same part again. */
export const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 100_000);

export type Share = <T>(all: readonly T[]) => readonly T[];

/** All, or a tenth of them. */
export const share: Share = (all) => (whole ? all : tenth(all));

/** At least two of them, chosen by the seed. */
export function tenth<T>(all: readonly T[]): readonly T[] {
  const random = seeded(seed);
  const left = [...all];
  const chosen: T[] = [];
  while (chosen.length < Math.max(2, Math.ceil(all.length / 10)) && left.length > 0)
    chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}
