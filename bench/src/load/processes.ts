import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/** Linux counts CPU time in hundredths of a second for all programs (USER_HZ). */
const TICKS = 100;

interface Stat {
  readonly parent: number;
  /** Seconds of its own. */
  readonly cpu: number;
  /** Seconds of its children that have ended. */
  readonly ended: number;
}

/** null: the process has ended. */
function statOf(pid: number): Stat | null {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // After the name, which may hold anything: state, parent, …
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = (...places: number[]): number => places.reduce((sum, place) => sum + (fields[place] ?? 0), 0) / TICKS;
  return { parent: fields[1] ?? 0, cpu: ticks(11, 12), ended: ticks(13, 14) };
}

/** CPU seconds used so far by a process. */
export const cpuOf = (pid: number): number => statOf(pid)?.cpu ?? 0;

/** The process that all others of this Postgres belong to. */
export async function postmasterOf(address: string): Promise<number> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const stat = statOf(rows[0]?.pid ?? 0);
  await client.end();
  if (stat === null) throw new Error('Postgres has no process in /proc: this bench needs Linux and a local server');
  return stat.parent;
}

/** CPU seconds used so far by a process and all that it has started. */
export function cpuOfFamily(pid: number): number {
  const own = statOf(pid);
  if (own === null) return 0;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat?.parent === pid);
  return own.cpu + own.ended + children.reduce((sum, stat) => sum + (stat?.cpu ?? 0) + (stat?.ended ?? 0), 0);
}

/** The share of one core that each of these uses over some seconds, in percent. */
export async function cpuShares<Name extends string>(
  counters: Readonly<Record<Name, () => number>>,
  seconds: number,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(counters) as Name[];
  const read = (): number[] => names.map((name) => counters[name]());
  const [before, began] = [read(), performance.now()];
  await pause(seconds * 1_000);
  const [after, took] = [read(), (performance.now() - began) / 1_000];
  const share = (place: number): number => (100 * ((after[place] ?? 0) - (before[place] ?? 0))) / took;
  return Object.fromEntries(names.map((name, place) => [name, share(place)])) as Record<Name, number>;
}
