import { modelPage, type ModelPrice, modelPricePage, type ModelResource } from '@holdfast/contracts';
import type { CallOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

export interface ModelPricesOptions extends PageOptions {
  /** Of this one alone. */
  readonly model?: string | undefined;
}

export class Models extends Resource {
  /** The models that agents may name, and how they are. */
  list(options?: CallOptions): Promise<{ items: ModelResource[] }> {
    return this.read('/v1/models', modelPage, options);
  }

  /** Every version of their prices, by model, newest first. */
  prices({ signal, ...query }: ModelPricesOptions = {}): List<ModelPrice> {
    return this.listing('/v1/model-prices', modelPricePage, { ...query }, { signal });
  }
}
