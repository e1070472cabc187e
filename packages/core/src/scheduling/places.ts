import type { RunRef } from '../tenant-scope.ts';

/** A tenant's runs in a worker, and its weight, as far as this worker knows it. */
export interface Share {
  readonly runs: number;
  readonly weight: number;
}

/** The places of a worker: how many are free, and who has the others. */
export interface Places {
  readonly free: number;
  /** Of the free ones, those that anybody may take. The others are kept for tenants below their share. */
  readonly open: number;
  /** What is shared out by weight among the tenants with runs here: the places without the kept ones. */
  readonly shared: number;
  readonly held: ReadonlyMap<string, Share>;
}

export const noPlaces: Places = { free: 0, open: 0, shared: 0, held: new Map() };

/** A tenth, and one at least: what a worker keeps beside the places that one tenant can fill. */
export const keptPlaces = (limit: number): number => Math.ceil(limit / 10);

/** Of a worker with `limit` places for anybody, and those that it keeps beside them. */
export function placesOf(
  limit: number,
  runs: Iterable<Pick<RunRef, 'tenant'> & { readonly weight?: number | undefined }>,
): Places {
  const kept = keptPlaces(limit);
  const held = new Map<string, Share>();
  let count = 0;
  for (const { tenant, weight = 1 } of runs) {
    const before = held.get(tenant) ?? { runs: 0, weight: 1 };
    held.set(tenant, { runs: before.runs + 1, weight: Math.max(before.weight, weight) });
    count += 1;
  }
  const free = Math.max(0, limit + kept - count);
  return { free, open: Math.max(0, free - kept), shared: limit, held };
}

/** Whether a run of the tenant has to make room at its next step: no place is free, and it has more than its share. */
export function isCrowding({ free, shared, held }: Places, tenant: string): boolean {
  const own = held.get(tenant);
  if (free > 0 || own === undefined) return false;
  const all = [...held.values()].reduce((sum, { weight }) => sum + weight, 0);
  // The database reckons the same way whom it gives a kept place, so that a place does not go to and fro.
  return own.runs > Math.max(1, Math.floor((shared * own.weight) / all));
}
