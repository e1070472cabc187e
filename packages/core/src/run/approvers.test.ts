import type { Actor, ApprovalRule } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { attentionOf } from './attention.ts';
import { type Simulation } from './testing/simulation.suite.ts';
import { allOf, asksFor, attention, during, lastOf, phaseOf, started } from './testing/steps.ts';
import { tool } from './testing/versions.ts';

const id = (last: number): string => `01920000-0000-7000-8000-00000000000${last}`;
const member = (last: number, ...roles: Actor['roles']): Actor => ({ type: 'person', id: id(last), roles });
const [ada, bo, cy] = [member(1, 'operator'), member(2, 'operator'), member(3, 'operator')];
/** Who starts the runs of the simulation. */
const starter: Actor = { type: 'api-key', id: 'k1', roles: ['operator'] };

function asked(by: Partial<ApprovalRule['by']>, over: Partial<ApprovalRule> = {}): { sim: Simulation; call: string } {
  const approval: ApprovalRule = { by: { count: 1, ...by }, then: 'deny', ...over };
  const sim = started({ tools: [tool('pay', { approval })] });
  return { sim, call: asksFor(sim, 'pay', { amount: 20 }) };
}

const decides = (
  { sim, call }: { sim: Simulation; call: string },
  by: Actor,
  decision: 'approved' | 'denied' = 'approved',
): boolean =>
  sim.say({ type: 'decide_approval', call, hash: lastOf(sim, 'approval.asked').hash, decision, by, reason: 'fine' });

const changes = ({ sim, call }: { sim: Simulation; call: string }, by: Actor, amount: number): boolean => {
  const { hash } = lastOf(sim, 'approval.asked');
  return sim.say({ type: 'change_arguments', call, hash, arguments: { amount }, by });
};

const open = ({ sim }: { sim: Simulation }) => attentionOf(sim.run.state)[0];

describe('who may decide', () => {
  it.each<[string, Partial<ApprovalRule['by']>, Actor, boolean]>([
    ['nobody is named: an operator', {}, ada, true],
    ['nobody is named: a viewer', {}, member(1, 'viewer'), false],
    ['a member is named: that member', { members: [id(1)] }, member(1, 'viewer'), true],
    ['a member is named: another', { members: [id(1)] }, bo, false],
    ['a member is named: an admin', { members: [id(1)] }, member(2, 'admin'), false],
    ['a key is named: that key', { keys: [id(4)] }, { type: 'api-key', id: id(4), roles: [] }, true],
    ['a member and a role: that member', { members: [id(1)], role: 'admin' }, member(1, 'operator'), true],
    ['a member and a role: who has the role', { members: [id(1)], role: 'builder' }, member(2, 'builder'), true],
    ['a member and a role: another', { members: [id(1)], role: 'builder' }, bo, false],
  ])('%s', (_, by, who, may) => {
    const question = asked(by);
    expect(decides(question, who)).toBe(may);
    expect(question.sim.refusals).toEqual(may ? [] : ['approval_role_required']);
  });

  it('is said in the question, and to whom it is shown', () => {
    const question = asked({ members: [id(1)], keys: [id(4)], count: 2 }, { four_eyes: true });
    const said = { role: null, members: [id(1)], keys: [id(4)], count: 2, four_eyes: true };
    expect(lastOf(question.sim, 'approval.asked')).toMatchObject(said);
    expect(open(question)).toMatchObject({
      role: null,
      approvers: [id(1), id(4)],
      detail: { count: 2, four_eyes: true },
    });
    const plain = lastOf(asked({}).sim, 'approval.asked');
    expect(plain).toMatchObject({ role: 'operator' });
    expect(Object.keys(plain)).not.toContain('count');
  });

  it('an admin may say no even where others are named', () => {
    const question = asked({ members: [id(1)] });
    expect(decides(question, member(9, 'admin'), 'denied')).toBe(true);
    expect(lastOf(question.sim, 'approval.decided')).toMatchObject({ decision: 'denied', reason: 'fine' });
  });
});

describe('a quorum', () => {
  it('needs so many different people; until then the question stays open and nothing is called', () => {
    const question = asked({ count: 3 });
    expect(during(question.sim, () => decides(question, ada))).toEqual(['approval.given']);
    expect(during(question.sim, () => decides(question, bo))).toEqual(['approval.given']);
    question.sim.look();
    expect([phaseOf(question.sim, question.call), question.sim.begun]).toEqual(['approval', []]);
    expect(open(question)).toMatchObject({
      barred: [id(1), id(2)],
      detail: {
        approved_by: [
          { type: 'person', id: id(1) },
          { type: 'person', id: id(2) },
        ],
      },
    });
    expect(during(question.sim, () => decides(question, cy))).toEqual(['approval.decided']);
    expect(during(question.sim, () => question.sim.look())).toEqual(['tool.called']);
    expect(question.sim.replayed()).toEqual(question.sim.run);
  });

  it('is not met by the same person twice', () => {
    const question = asked({ count: 2 });
    decides(question, ada);
    expect(decides(question, { ...ada, roles: ['admin'] })).toBe(false);
    expect(question.sim.refusals).toEqual(['approval_already_given']);
    expect(phaseOf(question.sim, question.call)).toBe('approval');
  });

  it('counts keys of a member as that member, and keys of nobody each for itself', () => {
    const key = (last: number, owner?: string): Actor => ({
      type: 'api-key',
      id: id(last),
      roles: ['operator'],
      ...(owner === undefined ? {} : { member: owner }),
    });
    const question = asked({ count: 3 });
    decides(question, ada);
    expect(decides(question, key(7, ada.id))).toBe(false);
    expect([decides(question, key(8, bo.id)), decides(question, bo), decides(question, key(9, bo.id))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(new Set(question.sim.refusals)).toEqual(new Set(['approval_already_given']));
    expect(open(question)).toMatchObject({ barred: [ada.id, bo.id] });
    expect(decides(question, key(7))).toBe(true);
    const named = asked({ members: [ada.id] });
    expect(decides(named, key(7, ada.id))).toBe(true);
  });

  it('one who says no is enough, and who has agreed may still say it', () => {
    const question = asked({ count: 2 });
    decides(question, ada);
    expect(decides(question, ada, 'denied')).toBe(true);
    expect(during(question.sim, () => question.sim.look())).toEqual(['tool.not_run', 'model.called']);
  });

  it('begins anew with other arguments', () => {
    const question = asked({ count: 2 });
    const { hash } = lastOf(question.sim, 'approval.asked');
    decides(question, ada);
    changes(question, bo, 30);
    expect(open(question)).toMatchObject({ detail: { approved_by: [] } });
    const late = { type: 'decide_approval', call: question.call, hash, decision: 'approved', by: cy } as const;
    expect(question.sim.say(late)).toBe(false);
    expect(question.sim.refusals).toEqual(['approval_hash_mismatch']);
    expect([decides(question, ada), decides(question, bo)]).toEqual([true, true]);
    expect(allOf(question.sim, 'approval.decided')).toHaveLength(1);
  });

  it('is not met by what was agreed before it expired', () => {
    const question = asked({ count: 2 }, { expires: 60_000 });
    decides(question, ada);
    question.sim.advanceTime(60_000);
    expect(decides(question, bo)).toBe(false);
    expect(question.sim.refusals).toEqual(['approval_not_open']);
    expect(during(question.sim, () => question.sim.look())).toEqual([
      'approval.decided',
      'tool.not_run',
      'model.called',
    ]);
  });

  it('of two who are first at the same moment, the second comes too late when one is enough', () => {
    const question = asked({});
    expect([decides(question, ada), decides(question, bo)]).toEqual([true, false]);
    expect(question.sim.refusals).toEqual(['approval_not_open']);
  });
});

describe('four eyes', () => {
  it('whoever started the run may not approve, whatever the role; and may deny', () => {
    for (const roles of [['operator'], ['admin']] as const) {
      const question = asked({}, { four_eyes: true });
      expect(question.sim.events[0]).toMatchObject({ data: { by: { id: starter.id } } });
      expect(decides(question, { ...starter, roles: [...roles] })).toBe(false);
      expect(question.sim.refusals).toEqual(['approval_four_eyes']);
      expect(open(question)).toMatchObject({ barred: [starter.id] });
      expect(decides(question, starter, 'denied')).toBe(true);
    }
  });

  it('without the rule the starter may approve', () => {
    const question = asked({});
    expect(decides(question, starter)).toBe(true);
  });

  it('whoever wrote the arguments may not approve them, nor an editor before', () => {
    const question = asked({}, { four_eyes: true });
    changes(question, ada, 30);
    changes(question, bo, 40);
    expect([decides(question, ada), decides(question, bo)]).toEqual([false, false]);
    expect(question.sim.refusals).toEqual(['approval_four_eyes', 'approval_four_eyes']);
    expect(decides(question, cy)).toBe(true);
  });

  it('being named changes nothing about that', () => {
    const question = asked({ keys: [id(4)] }, { four_eyes: true });
    changes(question, { type: 'api-key', id: id(4), roles: ['operator'] }, 30);
    expect(decides(question, { type: 'api-key', id: id(4), roles: ['operator'] })).toBe(false);
    expect(attention(question.sim)).toEqual(['approval']);
  });
});
