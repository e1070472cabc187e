import type { RunRef } from '../tenant-scope.ts';

/** The places of a worker: how many are free, and who has the others. */
export interface Places {
  readonly free: number;
  /** Of the free ones, those that anybody may take. The others are kept for tenants that have fewer runs here than `few`. */
  readonly open: number;
  readonly few: number;
  /** Runs here, by tenant. */
  readonly held: ReadonlyMap<string, number>;
}

export const noPlaces: Places = { free: 0, open: 0, few: 0, held: new Map() };

/** A tenth, and one at least: what a worker keeps beside the places that one tenant can fill. */
export const keptPlaces = (limit: number): number => Math.ceil(limit / 10);

/** Of a worker with `limit` places for anybody, and those that it keeps beside them. */
export function placesOf(limit: number, runs: Iterable<Pick<RunRef, 'tenant'>>): Places {
  const few = keptPlaces(limit);
  const held = new Map<string, number>();
  let count = 0;
  for (const { tenant } of runs) {
    held.set(tenant, (held.get(tenant) ?? 0) + 1);
    count += 1;
  }
  const free = Math.max(0, limit + few - count);
  return { free, open: Math.max(0, free - few), few, held };
}
