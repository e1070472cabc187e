import type {
  Model,
  ModelCatalogue,
  ModelFacts,
  ModelHealth,
  ModelOutcome,
  ModelRequest,
  OnDelta,
} from '@holdfast/core';
import type { HealthProbe } from './health-probe.ts';
import { Places } from './places.ts';
import { REHEARSAL, rehearsalFacts, RehearsalModel } from './rehearsal.ts';

/** A model under the name that agents use for it. */
export interface NamedModel {
  readonly model: Model;
  readonly facts: ModelFacts;
  /** null: there is nothing to look at. */
  readonly probe: HealthProbe | null;
}

/** The models of this installation, by name: told to publish and to people, and called by name. */
export class ModelCatalog implements ModelCatalogue, Model {
  readonly #models: ReadonlyMap<string, NamedModel>;
  readonly #places: ReadonlyMap<string, Places>;

  constructor(models: ReadonlyMap<string, NamedModel>) {
    this.#models = models;
    this.#places = new Map(
      [...models].flatMap(([name, { facts }]) =>
        facts.concurrency === null ? [] : [[name, new Places(facts.concurrency)] as const],
      ),
    );
  }

  names(): readonly string[] {
    return [...this.#models.keys()].toSorted();
  }

  facts(name: string): ModelFacts | undefined {
    return this.#models.get(name)?.facts;
  }

  /** Runs at once, by name; models without a limit are left out. */
  runLimits(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#models].flatMap(([name, { facts }]) => (facts.runs === null ? [] : [[name, facts.runs] as const])),
    );
  }

  async health(name: string): Promise<ModelHealth> {
    const named = this.#models.get(name);
    if (named === undefined) return { status: 'unknown', detail: 'not configured here', checkedAt: null };
    return (await named.probe?.look()) ?? { status: 'ok', detail: null, checkedAt: null };
  }

  /**
   * With as many calls under way as the model may have, it waits for a place.
   * A model that is no longer configured fails for good: trying again would not bring it back.
   */
  async call(request: ModelRequest, signal: AbortSignal, onDelta: OnDelta): Promise<ModelOutcome> {
    const { model: name } = request;
    const named = this.#models.get(name);
    if (named === undefined) {
      return { type: 'failed', class: 'permanent', message: `the model ${name} is not configured here` };
    }
    const places = this.#places.get(name);
    if (places === undefined) return named.model.call(request, signal, onDelta);
    if (!(await places.take(signal))) return { type: 'aborted', content: [], waited: true };
    try {
      return await named.model.call(request, signal, onDelta);
    } finally {
      places.leave();
    }
  }
}

/** What is known without any configuration: `default` and `rehearsal`, both the rehearsal model. */
export function rehearsalCatalog(): ModelCatalog {
  const named: NamedModel = { model: new RehearsalModel(), facts: rehearsalFacts, probe: null };
  return new ModelCatalog(
    new Map([
      ['default', named],
      [REHEARSAL, named],
    ]),
  );
}
