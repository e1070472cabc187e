import type { Prices } from '@holdfast/contracts';
import type { PriceVersion } from '../run/price-list.ts';
import type { ModelCatalogue } from './model-catalogue.ts';

/** What calls of models cost, version after version, of the whole installation. */
export interface ModelPrices {
  /** By model, newest first; `after`: the last one of the page before. */
  list(
    model: string | null,
    after: { readonly model: string; readonly version: number } | null,
    limit: number,
  ): Promise<readonly ModelPriceRow[]>;
  /** A new version for each model whose prices are others than those of its last one. Returns how many. */
  record(prices: ReadonlyMap<string, Prices>): Promise<number>;
}

export interface ModelPriceRow extends PriceVersion {
  readonly model: string;
  /** ms since 1970 */
  readonly validFrom: number;
}

/** As the models are configured now; one without prices keeps those it had. Returns how many have changed. */
export async function recordPrices(models: ModelCatalogue, store: Pick<ModelPrices, 'record'>): Promise<number> {
  const priced = new Map<string, Prices>();
  for (const name of models.names()) {
    const prices = models.facts(name)?.prices ?? null;
    if (prices !== null) priced.set(name, prices);
  }
  return priced.size === 0 ? 0 : store.record(priced);
}
