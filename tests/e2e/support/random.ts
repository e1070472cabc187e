import { seeded as numbersFrom } from '../../seeded.ts';

/** Numbers from a seed, so that a failure can be had again: HOLDFAST_SEED. */
export function seeded(): { readonly seed: number; readonly next: () => number } {
  const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  return { seed, next: numbersFrom(seed) };
}
