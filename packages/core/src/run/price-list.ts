import type { Prices } from '@holdfast/contracts';
import type { PricedModel } from './models.ts';

export interface PriceVersion {
  /** Counts from 1, for each model. */
  readonly version: number;
  readonly prices: Prices;
}

/** What models cost as it stands, by their names; handed in like the time, and written into each call that begins. */
export type PriceList = ReadonlyMap<string, PriceVersion>;

export const noPrices: PriceList = new Map();

/** By the list; a model that has never been in it by what the agent was published with. */
export function pricesOf(
  list: PriceList,
  { name, prices }: PricedModel,
): { readonly prices: Prices | null; readonly version: number | null } {
  return list.get(name) ?? { prices, version: null };
}
