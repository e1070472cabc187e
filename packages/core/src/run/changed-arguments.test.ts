import type { Actor, JsonObject } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { attentionOf } from './attention.ts';
import { approvalHash } from './approvals.ts';
import { project } from '../log/projection.ts';
import { type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  asks,
  asksFor,
  attention,
  lastOf,
  live,
  phaseOf,
  speaks,
  started,
  toolCall,
  withRoles,
} from './testing/steps.ts';
import { tool } from './testing/versions.ts';

const pay = tool('pay', {
  input_schema: { type: 'object', properties: { amount: { type: 'integer' } }, required: ['amount'] },
  approval: { when: 'args.amount > 10', by: { role: 'operator', count: 1 }, expires: 60_000, then: 'deny' },
});
const editor = withRoles('operator');

/** A payment of 20 is asked about. */
function asked(): { sim: Simulation; call: string; hash: string } {
  const sim = started({ tools: [pay] });
  const call = asksFor(sim, 'pay', { amount: 20 });
  return { sim, call, hash: lastOf(sim, 'approval.asked').hash };
}

const changes = (sim: Simulation, call: string, hash: string, args: JsonObject, by: Actor = editor): boolean =>
  sim.say({ type: 'change_arguments', call, hash, arguments: args, by, reason: 'less' });

describe('changed arguments', () => {
  it('deny the old question and ask a new one about the new arguments at once', () => {
    const { sim, call, hash } = asked();
    sim.advanceTime(30_000);
    expect(changes(sim, call, hash, { amount: 15 })).toBe(true);
    expect(lastOf(sim, 'approval.changed')).toEqual({
      call,
      hash,
      arguments: { amount: 15 },
      by: editor,
      reason: 'less',
    });
    const question = lastOf(sim, 'approval.asked');
    expect(question).toMatchObject({ hash: approvalHash(pay, { amount: 15 }), why: 'changed' });
    expect(question.expires_at).toBe(sim.now + 60_000);
    expect(attentionOf(sim.run.state)).toMatchObject([
      { ref: call, kind: 'approval', detail: { arguments: { amount: 15 }, hash: question.hash } },
    ]);
  });

  it('are asked about even where the rule would let them pass', () => {
    const { sim, call, hash } = asked();
    changes(sim, call, hash, { amount: 1 });
    sim.look();
    expect(phaseOf(sim, call)).toBe('approval');
    expect(sim.begun).toEqual([]);
  });

  it('are what runs once they are approved, and what the model is shown', () => {
    const { sim, call, hash } = asked();
    changes(sim, call, hash, { amount: 1 });
    const { hash: now } = lastOf(sim, 'approval.asked');
    expect(sim.say({ type: 'decide_approval', call, hash, decision: 'approved', by: editor })).toBe(false);
    expect(sim.refusals).toEqual(['approval_hash_mismatch']);
    sim.say({ type: 'decide_approval', call, hash: now, decision: 'approved', by: editor });
    sim.look();
    expect(toolCall(sim, call).requested).toMatchObject({ name: 'pay', arguments: { amount: 1 } });
    expect(lastOf(sim, 'tool.called').arguments_hash).not.toBe(hash);
    answers(sim, call);
    const answer = sim.run.transcript.messages.find((message) => message.role === 'assistant');
    expect(answer?.role === 'assistant' && answer.toolCalls).toEqual([
      { id: 'c0', name: 'pay', arguments: { amount: 1 } },
    ]);
    expect(sim.replayed()).toEqual(sim.run);
  });

  it('may be changed again; everybody who wrote them is kept', () => {
    const { sim, call, hash } = asked();
    const other = { ...editor, id: 'k9' };
    changes(sim, call, hash, { amount: 15 });
    changes(sim, call, lastOf(sim, 'approval.asked').hash, { amount: 16 }, other);
    expect(toolCall(sim, call).editors).toEqual([editor, other]);
    expect(allOf(sim, 'approval.asked')).toHaveLength(3);
  });

  it.each<[string, JsonObject]>([
    ['do not fit the schema', { amount: 'much' }],
    ['lack what it requires', {}],
    ['cannot be kept exactly', { amount: 15, note: '\ud83d' }],
    ['are those of the open question', { amount: 20 }],
  ])('are refused when they %s', (_, args) => {
    const { sim, call, hash } = asked();
    expect(changes(sim, call, hash, args)).toBe(false);
    expect(sim.refusals).toEqual(['arguments_invalid']);
    expect(allOf(sim, 'approval.changed')).toEqual([]);
  });

  it.each<[string, string, (asked: { sim: Simulation; call: string; hash: string }) => boolean]>([
    [
      'of another question',
      'approval_hash_mismatch',
      ({ sim, call }) => changes(sim, call, 'f'.repeat(64), { amount: 1 }),
    ],
    [
      'by another role',
      'approval_role_required',
      ({ sim, call, hash }) => changes(sim, call, hash, { amount: 1 }, withRoles('viewer')),
    ],
    [
      'too late',
      'approval_not_open',
      ({ sim, call, hash }) => {
        sim.advanceTime(60_000);
        return changes(sim, call, hash, { amount: 1 });
      },
    ],
    ['of no call', 'approval_not_open', ({ sim, hash }) => changes(sim, '9.9', hash, { amount: 1 })],
    [
      'of a call that was approved',
      'approval_not_open',
      ({ sim, call, hash }) => {
        sim.say({ type: 'decide_approval', call, hash, decision: 'approved', by: editor });
        return changes(sim, call, hash, { amount: 1 });
      },
    ],
  ])('are refused %s', (_, code, change) => {
    const open = asked();
    expect(change(open)).toBe(false);
    expect(open.sim.refusals).toEqual([code]);
  });

  it('leave the other calls of the answer alone, and count in the size of the prompt', () => {
    const sim = started({ tools: [pay] });
    const [first, second] = asks(sim, ['pay', { amount: 20 }], ['pay', { amount: 30 }]);
    if (first === undefined || second === undefined) throw new Error('nothing was asked');
    const before = live(sim).context.bytes;
    changes(sim, second, lastOf(sim, 'approval.asked').hash, { amount: 15 });
    expect(live(sim).context.bytes - before).toBe('{"amount":15}'.length);
    expect([toolCall(sim, first), toolCall(sim, second)].map(({ requested }) => requested.arguments)).toEqual([
      { amount: 20 },
      { amount: 15 },
    ]);
    const answer = sim.run.transcript.messages.findLast((message) => message.role === 'assistant');
    expect(answer?.role === 'assistant' && answer.toolCalls.map((call) => call.arguments)).toEqual([
      { amount: 20 },
      { amount: 15 },
    ]);
  });

  it('overwrite what is shown to people, though the clock stands still', () => {
    const { sim, call, hash } = asked();
    const before = sim.run.state;
    changes(sim, call, hash, { amount: 15 });
    const { opened, closed } = project(before, sim.run.state, sim.now).attention;
    expect(opened.map(({ ref, detail }) => [ref, (JSON.parse(detail) as JsonObject)['arguments']])).toEqual([
      [call, { amount: 15 }],
    ]);
    expect(closed).toEqual([]);
  });

  it('are not asked about when the user speaks first', () => {
    const { sim, call, hash } = asked();
    changes(sim, call, hash, { amount: 15 });
    speaks(sim, 'steer');
    expect(lastOf(sim, 'tool.not_run')).toMatchObject({ call, why: 'user-spoke' });
    expect(attention(sim)).toEqual([]);
  });
});
