import type { Limits, RaisableLimit } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { cost, reserve, roomOf, spendBegin, spendEnd, unspent } from './limits.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  asks,
  asksFor,
  attention,
  concludes,
  crashes,
  during,
  endOf,
  isNotSent,
  lastOf,
  live,
  modelPhase,
  openModel,
  phaseOf,
  started,
  timesOut,
} from './testing/steps.ts';
import { limits, tool, version } from './testing/versions.ts';

const limited = (over: Partial<Limits>): Simulation => started({ limits: { ...limits, ...over } });
/** What the first model call of the test agent reserves. */
const first = lastOf(started(), 'model.called').reservation;

const raise = (sim: Simulation, limit: RaisableLimit, to: number): boolean =>
  sim.say({ type: 'raise_limit', limit, to, by: person });

describe('a limit', () => {
  it.each<[RaisableLimit, number]>([
    ['tokens', first.tokens],
    ['cost_usd_micros', first.cost_usd_micros],
    ['active_ms', first.active_ms],
  ])('%s is met exactly by the first call, and is reached by one less before the call', (limit, needed) => {
    expect(modelPhase(limited({ [limit]: needed }))).toBe('open');
    const sim = limited({ [limit]: needed - 1 });
    expect(modelPhase(sim)).toBe('ready');
    expect(sim.types().slice(-1)).toEqual(['limit.reached']);
    expect(lastOf(sim, 'limit.reached')).toEqual({ limit, limit_value: needed - 1, spent: 0, needed });
    expect(attention(sim)).toEqual(['limit']);
  });

  it('of steps counts models and tools; another attempt is the same step', () => {
    const sim = limited({ steps: 2 });
    crashes(sim);
    const call = asksFor(sim, 'read');
    timesOut(sim, call);
    sim.advanceToNext();
    expect(live(sim).spent.steps).toBe(2);
    expect(during(sim, () => answers(sim, call))).toEqual(['tool.returned', 'limit.reached']);
    expect(lastOf(sim, 'limit.reached')).toEqual({ limit: 'steps', limit_value: 2, spent: 2, needed: 1 });
  });

  it('waits and questions are no steps', () => {
    const sim = limited({ steps: 2 });
    asksFor(sim, 'wait', { seconds: 1 });
    expect(live(sim).spent.steps).toBe(1);
    sim.advanceToNext();
    expect(modelPhase(sim)).toBe('open');
  });

  it('of money does not count for a run without one', () => {
    const sim = limited({ cost_usd_micros: null });
    expect(modelPhase(sim)).toBe('open');
    expect(raise(sim, 'cost_usd_micros', 5)).toBe(false);
    expect(sim.refusals).toEqual(['limit_not_higher']);
  });

  it('is asked about once, and nothing begins while it is open', () => {
    const sim = limited({ steps: 1 });
    asks(sim, 'read');
    expect(attention(sim)).toEqual(['limit']);
    sim.advanceTime(1_000_000);
    expect(during(sim, () => sim.look())).toEqual([]);
    expect(during(sim, () => crashes(sim))).toEqual(['run.taken_over']);
  });

  it('stops a retry whose lost attempts have used the room', () => {
    const sim = limited({ tokens: first.tokens * 2 - 1 });
    sim.do({ type: 'model_failed', ...openModel(sim), class: 'transient', message: 'no' });
    expect(during(sim, () => sim.advanceToNext())).toEqual(['limit.reached']);
    expect(lastOf(sim, 'limit.reached')).toMatchObject({ limit: 'tokens', spent: first.tokens, needed: first.tokens });
    raise(sim, 'tokens', first.tokens * 2);
    expect(during(sim, () => sim.look())).toEqual(['model.called']);
  });
});

describe('calls of one answer', () => {
  it('take their room one after another', () => {
    const sim = limited({ steps: 3 });
    const calls = asks(sim, 'read', 'same', 'once', 'read');
    expect(calls.map((call) => phaseOf(sim, call))).toEqual(['open', 'open', 'new', 'new']);
    expect(lastOf(sim, 'limit.reached')).toEqual({ limit: 'steps', limit_value: 3, spent: 3, needed: 1 });
    expect(allOf(sim, 'limit.reached')).toHaveLength(1);
    for (const call of calls.slice(0, 2)) answers(sim, call);
    raise(sim, 'steps', 100);
    expect(during(sim, () => sim.look())).toEqual(['tool.called', 'tool.called']);
  });

  it('what is no call goes on at a limit', () => {
    const sim = limited({ steps: 1 });
    const [read = '', nobody = '', wait = '', guarded = ''] = asks(
      sim,
      'read',
      'nobody',
      ['wait', { seconds: 9 }],
      ['guarded', { amount: 11 }],
    );
    expect([read, nobody, wait, guarded].map((call) => phaseOf(sim, call))).toEqual([
      'new',
      'done',
      'timer',
      'approval',
    ]);
  });

  it('side by side need the active time of the longest, not the sum', () => {
    const slow = tool('slow', {
      effect: 'read',
      retries: { attempts: 3, first: 1_000, factor: 2, max: 60_000, timeout: 25_000 },
    });
    const sim = started({ tools: [...version().tools, slow], limits: { ...limits, active_ms: 30_000 } });
    const calls = asks(sim, 'read', 'read', 'slow');
    expect(calls.map((call) => phaseOf(sim, call))).toEqual(['open', 'open', 'open']);
    expect(live(sim).spent.span).toEqual({ since: sim.now, until: sim.now + 25_000 });
  });
});

describe('the deadline', () => {
  const DEADLINE = 60_000;
  const late = (): Simulation => limited({ deadline_ms: DEADLINE });
  const pass = (sim: Simulation): void => (sim.advanceTime(DEADLINE), sim.look());
  const failed = { code: 'deadline_exceeded', detail: 'The run did not end before its deadline.' };

  it('does nothing a moment before', () => {
    const sim = late();
    sim.advanceTime(DEADLINE - 1);
    expect(during(sim, () => sim.look())).toEqual([]);
  });

  it.each<[string, (sim: Simulation) => unknown]>([
    ['waits for a person', (sim) => asksFor(sim, 'guarded', { amount: 11 })],
    ['waits for a timer', (sim) => asksFor(sim, 'wait', { seconds: 999 })],
    [
      'waits at a limit',
      (sim) => (
        raise(sim, 'steps', 101),
        asks(sim, 'read'),
        answers(sim, sim.begun[0]?.call ?? ''),
        sim.do({ type: 'model_failed', ...openModel(sim), class: 'transient', message: '' })
      ),
    ],
    ['is paused', (sim) => (asksFor(sim, 'ask', { question: 'x' }), sim.say({ type: 'pause', by: person }))],
    ['has a problem in its log', (sim) => sim.do({ type: 'log_went_back', expected: 9, found: 2 })],
  ])('fails a run that %s', (_, prepare) => {
    const sim = late();
    prepare(sim);
    pass(sim);
    expect(sim.types().slice(-2)).toEqual(['limit.reached', 'run.failed']);
    expect(lastOf(sim, 'limit.reached')).toEqual({
      limit: 'deadline_ms',
      limit_value: DEADLINE,
      spent: DEADLINE,
      needed: 0,
    });
    expect(lastOf(sim, 'run.failed')).toEqual({ ...failed, unresolved: [] });
  });

  it('cuts off the model, keeps its words and fails', () => {
    const sim = late();
    pass(sim);
    expect(sim.aborted).toEqual(['m1']);
    expect(during(sim, () => sim.do({ type: 'model_aborted', ...openModel(sim), content: [] }))).toEqual([
      'model.interrupted',
      'run.failed',
    ]);
    expect(lastOf(sim, 'model.interrupted').why).toBe('deadline');
  });

  it('aborts read and idempotent calls and gives a begun `once` call 10 s, then it is unknown', () => {
    const sim = late();
    const [once = '', read = '', same = ''] = asks(sim, 'once', 'read', 'same');
    pass(sim);
    expect(sim.aborted).toEqual([once, read, same]);
    timesOut(sim, read);
    timesOut(sim, same);
    expect(allOf(sim, 'tool.failed').map((data) => data.class)).toEqual(['aborted', 'aborted']);
    sim.advanceTime(9_999);
    expect(during(sim, () => sim.look())).toEqual([]);
    sim.advanceTime(1);
    expect(during(sim, () => sim.look())).toEqual(['tool.unknown', 'run.failed']);
    expect(lastOf(sim, 'run.failed')).toEqual({ ...failed, unresolved: [once] });
    expect(attention(sim)).toEqual(['unknown-effect']);
  });

  it('a `once` call that answers within its grace is kept', () => {
    const sim = late();
    const call = asksFor(sim, 'once');
    pass(sim);
    sim.advanceTime(9_000);
    expect(during(sim, () => answers(sim, call))).toEqual(['tool.returned', 'run.failed']);
    expect(lastOf(sim, 'run.failed').unresolved).toEqual([]);
  });

  it.each([
    ['is not sent', (sim: Simulation, call: string) => isNotSent(sim, call), ['tool.failed', 'run.failed'], 0],
    ['times out', (sim: Simulation, call: string) => timesOut(sim, call), ['tool.unknown', 'run.failed'], 1],
    ['is lost by a crash', (sim: Simulation) => crashes(sim), ['run.taken_over', 'tool.unknown', 'run.failed'], 1],
  ])('a `once` call that %s within its grace ends the run', (_, happen, types, unresolved) => {
    const sim = late();
    const call = asksFor(sim, 'once');
    pass(sim);
    expect(during(sim, () => happen(sim, call))).toEqual(types);
    expect(lastOf(sim, 'run.failed').unresolved).toHaveLength(unresolved);
  });

  it('a cancel that came first decides how the run ends', () => {
    const sim = late();
    asksFor(sim, 'once');
    sim.say({ type: 'cancel', by: person });
    pass(sim);
    expect(endOf(sim)).toBe('cancelled');
  });

  it('cannot be raised', () => {
    const sim = late();
    pass(sim);
    expect(endOf(sim)).toBe('live');
    expect(attention(sim)).toEqual([]);
  });
});

describe('a rate-limited model call', () => {
  const limitedBy = (sim: Simulation, retryAfterMs?: number): boolean =>
    sim.do({
      type: 'model_failed',
      ...openModel(sim),
      class: 'rate-limited',
      message: '429',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });

  it('with Retry-After waits as long and burns no attempt, however often', () => {
    const sim = started();
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      expect(during(sim, () => limitedBy(sim, 7_000))).toEqual(['model.failed', 'attempt.scheduled']);
      expect(lastOf(sim, 'attempt.scheduled')).toMatchObject({
        attempt: attempt + 1,
        at: sim.now + 7_000,
        burns: false,
      });
      sim.advanceToNext();
    }
    expect(live(sim).turn).toMatchObject({ call: { attempt: 11, burned: 0, phase: { is: 'open' } } });
  });

  it('without it follows the policy', () => {
    const sim = started();
    limitedBy(sim);
    expect(lastOf(sim, 'attempt.scheduled')).toMatchObject({ at: sim.now + 1_000, burns: true });
  });

  it('while the run is being stopped is not called again', () => {
    const sim = started();
    sim.say({ type: 'cancel', by: person });
    expect(during(sim, () => limitedBy(sim, 7_000))).toEqual(['model.failed', 'run.cancelled']);
  });
});

describe('the cost', () => {
  const prices = { input_per_mtok: 3_000_000, output_per_mtok: 15_000_000 };

  it.each([
    [prices, 1_000, 100, 4_500],
    [prices, 1, 0, 3],
    [{ input_per_mtok: 1, output_per_mtok: 1 }, 1, 0, 1],
    [{ input_per_mtok: 1, output_per_mtok: 1 }, 1_000_000, 1, 2],
    [{ input_per_mtok: 0, output_per_mtok: 0 }, 5, 5, 0],
    [prices, 0, 0, 0],
    [null, 1_000, 100, 0],
  ])('with %j of %d in and %d out is %d micro-dollars, rounded up', (price, input, output, micros) => {
    expect(cost(price, input, output)).toBe(micros);
  });

  it.each([
    [{ input_tokens: 10, output_tokens: 5 }, 15, 10 + 4 * 5],
    [null, first.tokens, first.cost_usd_micros],
  ])('of an answer that reports %j', (usage, tokens, costUsdMicros) => {
    const sim = started();
    sim.do({
      type: 'model_answered',
      ...openModel(sim),
      content: [],
      toolCalls: [{ id: 'a', name: 'read', arguments: {} }],
      usage,
      finishReason: '',
      model: 'x',
    });
    expect(live(sim).spent).toMatchObject({ tokens, costUsdMicros });
    expect(lastOf(sim, 'model.answered').charge).toMatchObject({ tokens, cost_usd_micros: costUsdMicros });
  });

  it('is written with the prices that were used', () => {
    expect(lastOf(started(), 'model.called')).toMatchObject({
      prices: version().model.prices,
      max_output_tokens: 100,
      timeout_ms: 10_000,
    });
  });
});

describe('active time', () => {
  it('is the union of spans: side by side counts once, waiting counts nothing', () => {
    const sim = started();
    sim.advanceTime(1_000);
    const [one = '', two = ''] = asks(sim, 'read', 'same');
    sim.advanceTime(2_000);
    answers(sim, one);
    expect(live(sim).spent).toMatchObject({ activeMs: 1_000, span: { since: sim.now - 2_000 } });
    sim.advanceTime(3_000);
    answers(sim, two);
    expect(live(sim).spent.activeMs).toBe(6_000);
    asksFor(sim, 'wait', { seconds: 500 });
    sim.advanceToNext();
    expect(live(sim).spent.activeMs).toBe(6_000);
    concludes(sim);
    expect(endOf(sim)).toBe('succeeded');
  });

  it('never counts more than the time-outs, however late a crash is seen', () => {
    const sim = started();
    sim.advanceTime(86_400_000);
    crashes(sim);
    expect(live(sim).spent).toMatchObject({ activeMs: 10_000, span: { since: sim.now } });
  });

  it('of a call that began within another’s span reaches to the later time-out', () => {
    const begun = spendBegin(unspent, 100, 50, true);
    const both = spendBegin(begun, 120, 10, false);
    expect(both).toMatchObject({ steps: 1, span: { since: 100, until: 150 } });
    const ended = spendEnd(both, 500, { tokens: 1, costUsdMicros: 2 }, true);
    expect(ended).toEqual({
      ...unspent,
      steps: 1,
      tokens: 1,
      costUsdMicros: 2,
      own: { tokens: 1, costUsdMicros: 2 },
      activeMs: 50,
    });
  });

  it('open calls hold their room until they end', () => {
    const sim = started();
    expect(roomOf(live(sim), sim.now)).toMatchObject({
      steps: 1,
      tokens: first.tokens,
      costUsdMicros: first.cost_usd_micros,
      activeMs: 10_000,
    });
    sim.advanceTime(15_000);
    expect(roomOf(live(sim), sim.now)).toMatchObject({ activeMs: 15_000, until: sim.now });
  });

  it('a call within the span under way needs none of its own', () => {
    const sim = started();
    const room = roomOf(live(sim), sim.now);
    const after = reserve(room, { steps: 0, tokens: 0, cost_usd_micros: 0, active_ms: 4_000 }, sim.now);
    expect(after).toEqual({ room });
  });
});
