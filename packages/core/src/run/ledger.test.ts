import { text } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import { answers, asks, asksFor, concludes, isNotSent, lastOf, started, timesOut } from './testing/steps.ts';

function linesOf(sim: Simulation) {
  const ledger = new Ledger();
  for (const event of sim.events) ledger.keep(event);
  return ledger.lines;
}

it('shows a call from its intent to its answer, with its arguments and key', () => {
  const sim = started();
  const [one = '', two = ''] = asks(sim, ['read', { path: 'a' }], 'once');
  expect(linesOf(sim)).toMatchObject([
    { call: one, tool: 'read', effect: 'read', status: 'intended', arguments: { path: 'a' }, settledAt: null },
    { call: two, tool: 'once', effect: 'once', status: 'intended', attempts: 1 },
  ]);
  sim.advanceTime(5);
  answers(sim, one);
  const [line] = linesOf(sim);
  expect(line).toMatchObject({ status: 'done', since: sim.now - 5, settledAt: sim.now, key: sim.begun[0]?.key });
});

it('shows an error as failed, and another attempt as intended again', () => {
  const sim = started();
  const call = asksFor(sim, 'read');
  isNotSent(sim, call);
  expect(linesOf(sim)).toMatchObject([{ status: 'failed', attempts: 1 }]);
  sim.advanceToNext();
  expect(linesOf(sim)).toMatchObject([{ status: 'intended', attempts: 2, settledAt: null }]);
  sim.do({ type: 'tool_answered', call, attempt: 2, content: text('no'), isError: true });
  expect(linesOf(sim)).toMatchObject([{ status: 'failed', attempts: 2, settledAt: sim.now }]);
});

it('keeps who settled what was unknown, and how', () => {
  const sim = started();
  const call = asksFor(sim, 'once');
  timesOut(sim, call);
  expect(linesOf(sim)).toMatchObject([{ status: 'unknown', settledAt: null, resolution: null }]);
  sim.say({ type: 'resolve_effect', call, how: 'fail', by: person, note: 'looked it up' });
  expect(linesOf(sim)).toMatchObject([
    { status: 'resolved', settledAt: sim.now, resolution: { how: 'fail', by: person.id, note: 'looked it up' } },
  ]);
});

it('a retry that a person chose settles nothing until it is answered', () => {
  const sim = started();
  const call = asksFor(sim, 'once');
  timesOut(sim, call);
  sim.advanceTime(lastOf(sim, 'tool.unknown').retry_from - sim.now);
  sim.say({ type: 'resolve_effect', call, how: 'retry', by: person });
  expect(linesOf(sim)).toMatchObject([{ status: 'intended', resolution: { how: 'retry' } }]);
  sim.look();
  sim.do({ type: 'tool_answered', call, attempt: 2, content: text('ok'), isError: false });
  expect(linesOf(sim)).toMatchObject([{ status: 'done', attempts: 2, resolution: { how: 'retry' } }]);
});

it('a fork inherits what was settled; what was not begins anew, under another key', () => {
  const sim = started();
  const done = asksFor(sim, 'read');
  answers(sim, done);
  const open = asksFor(sim, 'read');
  sim.say({ type: 'pause', by: person });
  const fork = sim.fork(sim.run.state.head);
  expect(linesOf(fork).map(({ call }) => call)).toEqual([done]);
  fork.claim('w2');
  const anew = linesOf(fork).find(({ call }) => call === open);
  expect(anew).toMatchObject({ status: 'intended', attempts: 1 });
  expect(linesOf(sim).map(({ key }) => key)).not.toContain(anew?.key);
});

it('calls that were never begun have no line', () => {
  const sim = started();
  concludes(sim);
  expect(linesOf(sim)).toEqual([]);
});
