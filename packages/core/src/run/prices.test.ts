import { describe, expect, it } from 'vitest';
import { Simulation } from './testing/simulation.suite.ts';
import { answers, asksFor, concludes, crashes, lastOf, live } from './testing/steps.ts';
import { version } from './testing/versions.ts';

const { name, prices: pinned } = version().model;
const listed = (number: number, mtok: number) =>
  new Map([[name, { version: number, prices: { input_per_mtok: mtok, output_per_mtok: mtok } }]]);
const M = 1_000_000;

describe('prices of models', () => {
  it('are those of the list as a call begins; one that is under way keeps its own', () => {
    const sim = new Simulation(version());
    sim.prices = listed(3, 2 * M);
    sim.claim();
    expect(lastOf(sim, 'model.called')).toMatchObject({
      price_version: 3,
      prices: { input_per_mtok: 2 * M, output_per_mtok: 2 * M },
    });
    sim.prices = listed(4, 10 * M);
    answers(sim, asksFor(sim, 'read'));
    // 15 tokens.
    expect(lastOf(sim, 'model.answered').charge).toMatchObject({ price_version: 3, cost_usd_micros: 30 });
    expect(lastOf(sim, 'model.called')).toMatchObject({ price_version: 4 });
    concludes(sim);
    expect(lastOf(sim, 'model.answered').charge).toMatchObject({ price_version: 4, cost_usd_micros: 150 });
  });

  it('are those that the agent was published with, for a model that is in no list', () => {
    const sim = new Simulation(version());
    sim.claim();
    expect(lastOf(sim, 'model.called')).toMatchObject({ price_version: null, prices: pinned });
    concludes(sim);
    expect(lastOf(sim, 'model.answered').charge).toMatchObject({ price_version: null, estimated: false });
  });

  it('are for what is reserved, and for what was lost', () => {
    const sim = new Simulation(version({ model: { ...version().model, prices: null } }));
    sim.prices = listed(1, M);
    sim.claim();
    const { reservation } = lastOf(sim, 'model.called');
    expect(reservation.cost_usd_micros).toBe(reservation.tokens);
    sim.prices = listed(2, 2 * M);
    crashes(sim);
    expect(lastOf(sim, 'model.failed').charge).toEqual({
      model: name,
      price_version: 1,
      tokens: reservation.tokens,
      cost_usd_micros: reservation.cost_usd_micros,
      estimated: true,
    });
    expect(live(sim).spent.costUsdMicros).toBe(reservation.cost_usd_micros);
  });
});
