import type { AliasTarget } from '@holdfast/contracts';

/** By the run's id, whose last digits are random: each version gets its share. */
export function chosen(targets: readonly AliasTarget[], run: string): number {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  let place = Number.parseInt(run.slice(-8), 16) % total;
  for (const { version, weight } of targets) {
    if (place < weight) return version;
    place -= weight;
  }
  throw new Error('an alias has no version');
}
