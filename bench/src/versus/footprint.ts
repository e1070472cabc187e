import { withClients } from './sessions.ts';

/** What one run wrote: appends, and bytes of its events' payloads. */
export interface Footprint {
  readonly appends: number;
  readonly bytes: number;
}

/** The mean over all runs that have ended, read from the log. On PGlite once its process has ended. */
export const footprintOf = (address: string): Promise<Footprint> =>
  withClients(address, 1, async ([client]) => {
    const found = await client?.query<{ runs: string; appends: string; bytes: string }>(
      `select count(distinct e.run_id) as runs, count(e.append_id) as appends, sum(length(e.payload)) as bytes
       from holdfast.run_events e join holdfast.runs r on r.id = e.run_id where r.status = 'succeeded'`,
    );
    const row = found?.rows[0];
    if (row === undefined || Number(row.runs) === 0) throw new Error('no run has ended');
    return {
      appends: Math.round(Number(row.appends) / Number(row.runs)),
      bytes: Math.round(Number(row.bytes) / Number(row.runs)),
    };
  });
