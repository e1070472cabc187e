import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

/**
 * From a run's creation to its claim by a worker, by the times of its first two events, ms. Waits until all were claimed.
 * @throws Error when one was not within 30 s.
 */
export async function claimDelays(owner: pg.Client, runs: readonly string[]): Promise<readonly number[]> {
  const until = performance.now() + 30_000;
  for (;;) {
    const { rows } = await owner.query<{ delay: number }>(
      `select (c.at - b.at)::integer as delay from unnest($1::uuid[]) as r (id)
       join holdfast.run_events b on b.run_id = r.id and b.seq = 1
       join lateral (
         select at from holdfast.run_events where run_id = r.id and type = 'run.claimed' order by seq limit 1) c on true`,
      [runs],
    );
    if (rows.length === runs.length) return rows.map(({ delay }) => delay);
    if (performance.now() > until)
      throw new Error(`${runs.length - rows.length} of ${runs.length} runs were not claimed`);
    await pause(200);
  }
}
