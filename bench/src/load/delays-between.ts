import { setTimeout as pause } from 'node:timers/promises';
import type { EventType } from '@holdfast/contracts';
import type { Owner } from './owner.ts';

/**
 * From the first event of one type to the first of another, of each of these runs, by the events' own times, ms. Waits until
 * all have both, for 30 s at most; of those that have not, it says how many there are and leaves them out.
 */
export async function delaysBetween(
  owner: Owner,
  runs: readonly string[],
  from: EventType,
  to: EventType,
): Promise<readonly number[]> {
  const until = performance.now() + 30_000;
  for (;;) {
    const { rows } = await owner.query<{ delay: number }>(
      `select (min(at) filter (where type = $3) - min(at) filter (where type = $2))::integer as delay
       from holdfast.run_events where run_id = any ($1) and type in ($2, $3)
       group by run_id having count(distinct type) = 2`,
      [runs, from, to],
    );
    if (rows.length === runs.length) return rows.map(({ delay }) => delay);
    if (performance.now() > until) {
      console.log(`  ${runs.length - rows.length} of ${runs.length} runs have no ${to} yet and are left out`);
      return rows.map(({ delay }) => delay);
    }
    await pause(200);
  }
}
