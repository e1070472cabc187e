import type { Prices } from '@holdfast/contracts';

/** The models this installation can call; asked at publish. */
export interface ModelCatalogue {
  names(): readonly string[];
  /** undefined = no such model; null = not priced. */
  prices(name: string): Prices | null | undefined;
}
