import { percentile } from './callers.ts';

/** Of delays in ms, in any order. */
export function summaryOf(delays: readonly number[]): {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
} {
  const sorted = delays.toSorted((left, right) => left - right);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: sorted.at(-1) ?? Number.NaN };
}

/** One line of a table: a title, and p50, p99, max, how many. */
export function delayLine(title: string, delays: readonly number[]): string {
  const { p50, p99, max } = summaryOf(delays);
  const cells = [p50, p99, max].map((ms) => ms.toFixed(1).padStart(9));
  return `${title.padEnd(46)}${cells.join('')}${String(delays.length).padStart(9)}`;
}

export const delayHead = `${''.padEnd(46)}      p50      p99      max    count`;

/** Whether what was measured is at most the goal. */
export const atMost = (what: string, measured: number, goal: number, unit = 'ms'): string =>
  `  ${what}: ${measured.toFixed(1)} ${unit}, goal ${goal}: ${measured <= goal ? 'reached' : 'missed'}`;
