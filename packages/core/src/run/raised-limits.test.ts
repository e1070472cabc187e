import type { Limits, RaisableLimit } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { handle } from './handle.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import { asksFor, attention, during, lastOf, live, openModel, started } from './testing/steps.ts';
import { limits } from './testing/versions.ts';

const limited = (over: Partial<Limits>): Simulation => started({ limits: { ...limits, ...over } });
/** What the first model call of the test agent reserves. */
const first = lastOf(started(), 'model.called').reservation;

const raise = (sim: Simulation, limit: RaisableLimit, to: number): boolean =>
  sim.say({ type: 'raise_limit', limit, to, by: person });

describe('a raised limit', () => {
  it('lets the run go on', () => {
    const sim = limited({ steps: 1 });
    asksFor(sim, 'read');
    expect(during(sim, () => raise(sim, 'steps', 2))).toEqual(['limit.raised']);
    expect(attention(sim)).toEqual([]);
    expect(during(sim, () => sim.look())).toEqual(['tool.called']);
  });

  it('that is another than the one reached leaves the question open', () => {
    const sim = limited({ steps: 1 });
    asksFor(sim, 'read');
    raise(sim, 'tokens', 2_000_000);
    expect(attention(sim)).toEqual(['limit']);
    expect(live(sim).limits.tokens).toBe(2_000_000);
  });

  it('that is still too low is reached again', () => {
    const sim = limited({ tokens: 1 });
    raise(sim, 'tokens', 2);
    expect(during(sim, () => sim.look())).toEqual(['limit.reached']);
  });

  it.each([99, 100])('to %d is not higher than 100', (to) => {
    const sim = started();
    raise(sim, 'steps', to);
    expect(sim.refusals).toEqual(['limit_not_higher']);
  });

  describe('of a run whose model has used 500 tokens more than were reserved', () => {
    const overspent = (): Simulation => {
      const sim = limited({ tokens: first.tokens });
      const calls = [{ id: 'c0', name: 'read', arguments: {} }];
      const usage = { input_tokens: first.tokens, output_tokens: 500 };
      sim.do({
        type: 'model_answered',
        ...openModel(sim),
        content: [],
        toolCalls: calls,
        usage,
        finishReason: 'tool_calls',
        model: 'rehearsal',
      });
      expect(lastOf(sim, 'limit.reached')).toMatchObject({ limit: 'tokens', spent: first.tokens + 500 });
      return sim;
    };

    it.each([
      ['the old limit', 0, false],
      ['above the old limit, below what is spent', 499, false],
      ['what is spent', 500, false],
      ['above both', 501, true],
    ])('to %s', (_, more, isTaken) => {
      const sim = overspent();
      const to = first.tokens + more;
      expect(raise(sim, 'tokens', to)).toBe(isTaken);
      expect(sim.refusals).toEqual(isTaken ? [] : ['limit_not_higher']);
    });

    it('names both in its refusal', () => {
      const { state } = overspent().run;
      const refusal = handle(state, { type: 'raise_limit', limit: 'tokens', to: 1, by: person, at: 0 });
      expect(refusal).toMatchObject({
        refused: {
          message: `The limit tokens is ${first.tokens}, and ${first.tokens + 500} are spent or reserved; 1 is not above both.`,
        },
      });
    });
  });
});
