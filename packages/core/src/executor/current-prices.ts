import type { Clock } from '../clock.ts';
import type { PriceList } from '../run/price-list.ts';

/** What models cost, for workers. */
export interface CurrentPrices {
  /** The newest version of each. @throws DatabaseUnavailable */
  current(): Promise<PriceList>;
}

/** A change holds for calls that begin after this long. */
const FRESH_MS = 2_000;

/** Asked at each step, read once in two seconds. */
export function currentPrices(store: CurrentPrices, clock: Pick<Clock, 'monotonic'>): () => Promise<PriceList> {
  let known: { readonly list: PriceList; readonly until: number } | null = null;
  let reading: Promise<PriceList> | null = null;
  const read = async (): Promise<PriceList> => {
    try {
      const list = await store.current();
      known = { list, until: clock.monotonic() + FRESH_MS };
      return list;
    } finally {
      reading = null;
    }
  };
  return async () => {
    if (known !== null && clock.monotonic() < known.until) return known.list;
    reading ??= read();
    return reading;
  };
}
