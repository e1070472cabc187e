import { isTerminal, type RequestedCall, text } from '@holdfast/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attentionOf, nextTime } from './attention.ts';
import { decide } from './decide.ts';
import { roomOf } from './limits.ts';
import { isToolCall } from './effects.ts';
import { childrenOf } from './state.ts';
import { lastGoodEvent } from './last-good-event.ts';
import { extend, type LoadedRun, restoreSnapshot, snapshotOf } from '../log/loaded-run.ts';
import { deadlineOf } from './start.ts';
import { kinds, tightLimits, versionOf } from './testing/kinds.suite.ts';
import { checkRules } from './testing/rules-kept.suite.ts';
import { person, Simulation } from './testing/simulation.suite.ts';

/** One random happening: `pick` chooses among what is possible, `what` how it goes. */
interface Happening {
  readonly what: number;
  readonly pick: number;
}

/** Who starts the runs, and two others. */
const people = [person, { ...person, id: 'k2' }, { ...person, id: 'k3' }];

const happening = fc.record({ what: fc.nat(99), pick: fc.nat(1_000_000) });
const runs = process.env['HOLDFAST_LONG'] === '1' ? 100_000 : 10_000;

class Checked {
  readonly sim: Simulation;
  readonly messages = new Set<string>();
  /** Times that a `once` effect may have happened since a person last took it on. */
  readonly effects = new Map<string, number>();
  #begunSeen = 0;
  #messageNumber = 0;
  #snapshot: { text: string; events: number } | null = null;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  step({ what, pick }: Happening): void {
    const { sim } = this;
    const state = sim.run.state;
    const open = sim.open();
    const call = open.length === 0 ? undefined : open[pick % open.length];
    const children = state.phase === 'live' ? childrenOf(state) : [];
    const child = children[pick % Math.max(1, children.length)];
    if (what < 30 && child !== undefined && (pick % 2 === 0 || call === undefined)) this.#endChild(child, pick);
    else if (what < 45 && call !== undefined) this.#end(call.id, call.attempt, isToolCall(call), what, pick);
    else if (what < 55) sim.advanceTime(pick % 70_000);
    else if (what < 58) sim.advanceToNext();
    else if (what < 64)
      sim.do({
        type: 'take_over',
        worker: `w${pick}`,
        from: 'w1',
        why: 'lease-expired',
        lease_until: sim.now + (pick % 5_000),
      });
    else if (what < 72) this.#message(pick);
    else if (what < 74) sim.say({ type: 'pause', by: person });
    else if (what < 79) sim.say({ type: 'resume', by: person });
    else if (what < 80) sim.say({ type: 'cancel', by: person });
    else if (what < 83) this.#raise(pick);
    else if (what < 97) this.#decideAttention(pick);
    else if (what < 98 && pick % 4 === 0) sim.do({ type: 'expire' });
    else if (what < 98) this.#late(pick);
    else if (state.phase === 'live') this.#snapshot = { text: snapshotOf(sim.run).body, events: sim.events.length };
    sim.look();
    this.#countEffects();
    this.check();
  }

  #end(call: string, attempt: number, tool: boolean, what: number, pick: number): void {
    const about = { call, attempt };
    const content = text('x'.repeat(pick % 400));
    if (!tool) {
      if (what < 28) {
        const toolCalls = what < 20 ? requested(pick) : [];
        const json = toolCalls.length === 0 && pick % 2 === 0;
        const usage = pick % 3 === 0 ? null : { input_tokens: 1 + (pick % 50), output_tokens: pick % 100 };
        this.sim.do({
          type: 'model_answered',
          ...about,
          content: json ? text(pick % 4 === 0 ? '{"n": 1}' : '{}') : content,
          toolCalls,
          usage,
          finishReason: 'stop',
          model: 'rehearsal',
        });
      } else if (what < 40) {
        const kinds = ['not-sent', 'rate-limited', 'transient', pick % 5 === 0 ? 'permanent' : 'transient'] as const;
        this.sim.do({
          type: 'model_failed',
          ...about,
          class: kinds[pick % 4] ?? 'transient',
          message: 'no',
          ...(pick % 2 ? { retryAfterMs: pick % 9_000 } : {}),
        });
      } else if (this.sim.aborted.includes(call)) this.sim.do({ type: 'model_aborted', ...about, content });
      return;
    }
    if (what < 25) this.sim.do({ type: 'tool_answered', ...about, content, isError: pick % 4 === 0 });
    else if (what < 30) this.sim.do({ type: 'tool_not_sent', ...about, message: 'refused' });
    else if (what < 42) this.sim.do({ type: 'tool_no_answer', ...about, message: 'time-out' });
    else this.sim.do({ type: 'tool_changed', ...about, found: null });
    if ((what >= 25 && what < 30) || what >= 42) this.effects.set(call, (this.effects.get(call) ?? 1) - 1);
  }

  /** It used no more than it was given; the news may come twice. */
  #endChild(
    { call, phase: { run, limits: given, descendants } }: ReturnType<typeof childrenOf>[number],
    pick: number,
  ): void {
    const upTo = (most: number): number => pick % (most + 1);
    const status = (['succeeded', 'failed', 'cancelled'] as const)[pick % 3] ?? 'failed';
    const ended = {
      type: 'child_ended',
      call,
      run,
      status,
      output: status === 'succeeded' ? text('x'.repeat(pick % 400)) : null,
      error: status === 'failed' ? { code: 'model_failed', detail: 'no' } : null,
      unresolved: pick % 2,
      usage: {
        steps: upTo(given.steps),
        tokens: upTo(given.tokens),
        cost_usd_micros: upTo(given.cost_usd_micros ?? 1_000),
        active_ms: upTo(given.active_ms),
        descendants: upTo(descendants),
      },
    } as const;
    expect(this.sim.do(ended)).toBe(true);
    expect(this.sim.do(ended), 'told twice').toBe(false);
  }

  #message(pick: number): void {
    const id = `018f0000-0000-7000-8000-${String((this.#messageNumber += 1)).padStart(12, '0')}`;
    const mode = (['steer', 'queue', 'interrupt'] as const)[pick % 3] ?? 'queue';
    if (this.sim.say({ type: 'send_message', id, mode, content: text('hey'), by: person })) this.messages.add(id);
  }

  #raise(pick: number): void {
    const limit = (['steps', 'tokens', 'cost_usd_micros', 'active_ms'] as const)[pick % 4] ?? 'steps';
    const { state } = this.sim.run;
    if (state.phase !== 'live') return;
    this.sim.say({ type: 'raise_limit', limit, to: (state.limits[limit] ?? 0) + 1 + (pick % 50_000), by: person });
  }

  #decideAttention(pick: number): void {
    const open = attentionOf(this.sim.run.state);
    const attention = open[pick % Math.max(1, open.length)];
    if (attention === undefined) return;
    const call = attention.call ?? '';
    const by = people[(pick >> 4) % people.length] ?? person;
    switch (attention.kind) {
      case 'approval':
        if (pick % 5 === 0) {
          const args = { amount: 5 + (pick % 11) };
          this.sim.say({ type: 'change_arguments', call, hash: String(attention.detail['hash']), arguments: args, by });
          break;
        }
        this.sim.say({
          type: 'decide_approval',
          call,
          hash: String(attention.detail['hash']),
          decision: pick % 3 ? 'approved' : 'denied',
          by,
        });
        break;
      case 'question':
        this.sim.say({ type: 'answer_question', call, answer: 'yes', by });
        break;
      case 'unknown-effect': {
        const how = (['done', 'retry', 'fail'] as const)[pick % 3] ?? 'fail';
        const said = how === 'done' ? { how, content: text('it was done'), isError: false } : { how };
        if (this.sim.say({ type: 'resolve_effect', call, ...said, by }) && how === 'retry') this.effects.set(call, 0);
        break;
      }
      case 'limit':
        this.#raise(pick);
        break;
      case 'duplicate-after-fork': {
        const decision = (['reuse', 'call', 'skip'] as const)[pick % 3] ?? 'skip';
        this.sim.say({ type: 'decide_duplicate', call, decision, by });
        break;
      }
      case 'attempts-exhausted':
      case 'tool-changed':
        this.sim.say({ type: 'resolve_call', call, how: pick % 4 ? 'retry' : 'fail', by });
        break;
      case 'engine-problem':
        this.sim.say({ type: 'resume_engine', by });
        break;
      case 'log-problem':
      case 'budget':
        break;
    }
  }

  #late(pick: number): void {
    const begun = this.sim.begun[pick % Math.max(1, this.sim.begun.length)];
    if (begun !== undefined)
      this.sim.do({
        type: 'tool_late_result',
        call: begun.call,
        attempt: begun.attempt,
        content: text('late'),
        isError: false,
      });
  }

  #countEffects(): void {
    for (const { call, effect } of this.sim.begun.slice(this.#begunSeen))
      if (effect === 'once') this.effects.set(call, (this.effects.get(call) ?? 0) + 1);
    this.#begunSeen = this.sim.begun.length;
  }

  check(): void {
    const { sim } = this;
    const { state } = sim.run;
    for (const [call, times] of this.effects) expect(times, `effects of ${call}`).toBeLessThanOrEqual(1);
    expect(decide(state, sim.now).filter((action) => action.do !== 'abort')).toEqual([]);
    if (state.phase !== 'live') return;
    expect(state.problem).toBeNull();
    const room = roomOf(state, sim.now);
    expect(room.steps).toBeLessThanOrEqual(state.limits.steps);
    expect(room.tokens).toBeLessThanOrEqual(state.limits.tokens);
    if (state.limits.cost_usd_micros !== null)
      expect(room.costUsdMicros).toBeLessThanOrEqual(state.limits.cost_usd_micros);
    const { span, childMs } = state.spent;
    // What is called beside a child may use time that was left to the child.
    if (childMs === 0)
      expect(state.spent.activeMs + (span === null ? 0 : span.until - span.since)).toBeLessThanOrEqual(
        state.limits.active_ms,
      );
    const stuck =
      sim.open().length === 0 &&
      childrenOf(state).length === 0 &&
      attentionOf(state).length === 0 &&
      !state.paused &&
      waitsForNothing(sim.run);
    expect(stuck, 'the run waits for nothing').toBe(false);
  }

  finish(): void {
    const { sim } = this;
    expect(sim.events.map((event) => event.seq)).toEqual(sim.events.map((_, index) => index + 1));
    const end = sim.events.findIndex((event) => isTerminal(event.type));
    if (end >= 0) expect(sim.events.slice(end + 1).every((event) => event.type === 'tool.resolved')).toBe(true);
    expect(sim.replayed()).toEqual(sim.run);
    if (this.#snapshot !== null) {
      const again = sim.events
        .slice(this.#snapshot.events)
        .reduce(extend, restoreSnapshot(this.#snapshot.text, sim.run.state.version));
      expect(again).toEqual(sim.run);
    }
    const delivered = new Set(
      sim.events.flatMap((event) => (event.type === 'message.delivered' ? event.data.ids : [])),
    );
    const { state } = sim.run;
    const waiting = new Set(state.phase === 'live' ? state.inbox.map((message) => message.id) : []);
    if (state.phase !== 'ended' || state.status === 'succeeded')
      for (const id of this.messages) expect(delivered.has(id) || waiting.has(id), `message ${id}`).toBe(true);
    checkTranscript(sim.run);
    checkChildren(sim);
    checkRules(sim);
  }
}

/** Only the deadline is left, and nothing that could come before it. */
const waitsForNothing = ({ state }: LoadedRun): boolean =>
  state.phase === 'live' && state.stop === null && nextTime(state) === deadlineOf(state);

/** Every answer's calls have their results before anything else is said, but for the newest answer. */
function checkTranscript({ transcript }: LoadedRun): void {
  let missing = new Set<string>();
  for (const message of transcript.messages) {
    if (message.role === 'tool') expect(missing.delete(message.id), `a result of ${message.id}`).toBe(true);
    else {
      expect([...missing], `results before the next ${message.role} message`).toEqual([]);
      if (message.role === 'assistant') missing = new Set(message.toolCalls.map((call) => call.id));
    }
  }
}

/** Each child is started once and ends once, and the run does not end before it. */
function checkChildren({ events: all, run: { state } }: Simulation): void {
  // What a fork has copied is its source's affair.
  const events = all.slice(all.findLastIndex((event) => event.type === 'run.forked') + 1);
  const started = events.flatMap((event) => (event.type === 'child.started' ? [event.data] : []));
  const ended = events.flatMap((event) => (event.type === 'child.ended' ? [event.data.run] : []));
  expect(new Set(started.map(({ run }) => run)).size).toBe(started.length);
  expect(new Set(started.map(({ call }) => call)).size).toBe(started.length);
  expect(new Set(ended).size).toBe(ended.length);
  const open = new Set(state.phase === 'live' ? childrenOf(state).map(({ phase }) => phase.run) : []);
  for (const { run } of started) expect(ended.includes(run), `the end of ${run}`).toBe(!open.has(run));
}

let callNumber = 0;
function requested(pick: number): RequestedCall[] {
  const names = ['once', 'read', 'same', 'guarded', 'wait', 'ask', 'helper', 'nobody'];
  return Array.from({ length: 1 + (pick % 3) }, (_, index) => {
    const name = names[(pick >> (index * 3)) % names.length] ?? 'once';
    const args =
      name === 'helper'
        ? { input: 'help' }
        : name === 'wait'
          ? { seconds: pick % 100 }
          : name === 'ask'
            ? { question: 'Well?' }
            : { amount: pick % 20 };
    return { id: `c${(callNumber += 1)}`, name, arguments: args };
  });
}

/** Claims a fork and answers whatever comes, until its end. */
function carryToItsEnd(fork: Simulation, pick: number): void {
  const checked = new Checked(fork);
  fork.claim();
  for (let turn = 0; fork.run.state.phase === 'live'; turn += 1) {
    expect(turn, 'steps to the end').toBeLessThan(300);
    const [call] = fork.open();
    if (call !== undefined)
      checked.step({ what: isToolCall(call) ? 20 : 24, pick: (pick + turn) * fork.open().length });
    else if (attentionOf(fork.run.state).length > 0) checked.step({ what: 90, pick: pick + turn });
    else if (childrenOf(fork.run.state).length > 0) checked.step({ what: 29, pick });
    else if (fork.run.state.paused) checked.step({ what: 75, pick });
    else fork.advanceToNext();
  }
  checked.finish();
}

/** Each `once` call that the source had made was asked about, and made only when a person said so. */
function checkRepeats(fork: Simulation): void {
  const forked = fork.events.findLast((event) => event.type === 'run.forked');
  if (forked?.type !== 'run.forked') throw new Error('it is no fork');
  const known = new Set(forked.data.began.map(({ name, arguments_hash }) => `${name} ${arguments_hash}`));
  const allowed = new Set<string>();
  for (const event of fork.events.slice(forked.seq)) {
    if (event.type === 'duplicate.decided' && event.data.decision === 'call') allowed.add(event.data.call);
    if (event.type !== 'tool.called' || !known.has(`${event.data.name} ${event.data.arguments_hash}`)) continue;
    expect(allowed.has(event.data.call), `${event.data.call} was made again without asking`).toBe(true);
  }
}

describe('a run under random commands, outcomes and crashes', () => {
  it(`keeps its promises (${runs} sequences)`, () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 5, maxLength: 60 }),
        fc.option(tightLimits, { freq: 2 }),
        kinds,
        (happenings, tight, kind) => {
          const { startIn, expiresIn, claimedAfter } = kind;
          const sim = new Simulation(versionOf(kind, tight ?? {}), 'hello', [], {
            ...(startIn === null ? {} : { startAt: 1_000_000 + startIn }),
            ...(expiresIn === null ? {} : { expiresAt: 1_000_000 + (startIn ?? 0) + expiresIn }),
          });
          sim.advanceTime(claimedAfter);
          sim.claim();
          const checked = new Checked(sim);
          for (const each of happenings) checked.step(each);
          checked.finish();
        },
      ),
      { numRuns: runs },
    );
  }, 1_200_000);

  it('can be forked after any event: the fork can end, and repeats no effect without asking', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 5, maxLength: 40 }),
        fc.nat(1_000),
        kinds,
        (happenings, pick, kind) => {
          const sim = new Simulation(versionOf(kind));
          sim.claim();
          const checked = new Checked(sim);
          for (const each of happenings) checked.step(each);
          const end = sim.events.findIndex((event) => isTerminal(event.type));
          for (let at = 1; at <= (end < 0 ? sim.events.length : end); at += 1) {
            const fork = sim.fork(at);
            expect(fork.run.state).toMatchObject({
              phase: 'live',
              problem: null,
              stop: null,
              paused: false,
              inbox: [],
            });
            expect(fork.replayed()).toEqual(fork.run);
            carryToItsEnd(fork, pick + at);
            checkRepeats(fork);
          }
          const good = lastGoodEvent(sim.run.state.run, sim.run.state.version, sim.events);
          expect(good).toBeGreaterThan(0);
          expect(sim.fork(good).run.state).toMatchObject({ phase: 'live', problem: null });
        },
      ),
      { numRuns: runs / 50 },
    );
  }, 1_200_000);
});
