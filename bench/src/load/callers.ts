/** What a closed loop of callers did. Latencies in ms, sorted. */
export interface Load {
  readonly perSecond: number;
  readonly latencies: readonly number[];
}

/** Each caller does its work again and again, one after the other, until the time is over. */
export async function closedLoop(
  callers: number,
  seconds: number,
  work: (caller: number) => Promise<unknown>,
): Promise<Load> {
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1_000;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (performance.now() < until) {
        const start = performance.now();
        await work(caller);
        latencies.push(performance.now() - start);
      }
    }),
  );
  const took = (performance.now() - began) / 1_000;
  return { perSecond: latencies.length / took, latencies: latencies.sort((a, b) => a - b) };
}

/** Of sorted numbers. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

export const best = (loads: readonly Load[]): Load => {
  const [first, ...rest] = loads;
  if (first === undefined) throw new Error('nothing was measured');
  return rest.reduce((top, load) => (load.perSecond > top.perSecond ? load : top), first);
};
