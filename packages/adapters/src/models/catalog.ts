import type { Prices } from '@holdfast/contracts';
import type { Model, ModelCatalogue, ModelOutcome, ModelRequest, OnDelta } from '@holdfast/core';
import { REHEARSAL, RehearsalModel } from './rehearsal.ts';

/**
 * Pretend money, so that cost limits can be rehearsed: a dollar for a million tokens read, four for a million written.
 * Nobody is ever charged it.
 */
export const rehearsalPrices: Prices = { input_per_mtok: 1_000_000, output_per_mtok: 4_000_000 };

/** A model under the name that agents use for it. */
export interface NamedModel {
  readonly model: Model;
  /** null = not priced: agents with a money limit cannot use it. */
  readonly prices: Prices | null;
}

/** The models of this installation, by name: told to publish, and called by the name that the version pinned. */
export class ModelCatalog implements ModelCatalogue, Model {
  readonly #models: ReadonlyMap<string, NamedModel>;

  constructor(models: ReadonlyMap<string, NamedModel>) {
    this.#models = models;
  }

  names(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** undefined = no such model; null = not priced. */
  prices(name: string): Prices | null | undefined {
    return this.#models.get(name)?.prices;
  }

  /** A model that is no longer configured fails for good: trying again would not bring it back. */
  async call(request: ModelRequest, signal: AbortSignal, onDelta: OnDelta): Promise<ModelOutcome> {
    const { model: name } = request;
    const named = this.#models.get(name);
    if (named === undefined) {
      return { type: 'failed', class: 'permanent', message: `the model ${name} is not configured here` };
    }
    return named.model.call(request, signal, onDelta);
  }
}

/** What is known without any configuration: `default` and `rehearsal`, both the rehearsal model. */
export function rehearsalCatalog(): ModelCatalog {
  const named: NamedModel = { model: new RehearsalModel(), prices: rehearsalPrices };
  return new ModelCatalog(
    new Map([
      ['default', named],
      [REHEARSAL, named],
    ]),
  );
}
