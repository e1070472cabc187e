import type { ApprovalRule, JsonObject, PublishedTool, Role } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { approvalHash } from './approvals.ts';
import { checkCondition, evaluateCondition } from './condition.ts';
import { person, type Simulation } from './testing/simulation.suite.ts';
import {
  allOf,
  answers,
  asks,
  asksFor,
  attention,
  crashes,
  during,
  lastOf,
  phaseOf,
  shown,
  speaks,
  started,
  withRoles,
} from './testing/steps.ts';
import { tool, version } from './testing/versions.ts';

const rule = (over: Partial<ApprovalRule> = {}): ApprovalRule => ({
  by: { role: 'operator', count: 1 },
  then: 'deny',
  ...over,
});
const guarded = (approval: ApprovalRule): Simulation =>
  started({ tools: [tool('pay', { approval }), tool('read', { effect: 'read' })] });

describe('the hash of an approval', () => {
  const args: JsonObject = { amount: 20, to: { name: 'a', iban: 'x' } };
  const hash = approvalHash(tool('pay'), args);
  const other: readonly (readonly [string, PublishedTool, JsonObject])[] = [
    ['argument', tool('pay'), { ...args, amount: 21 }],
    ['nested argument', tool('pay'), { ...args, to: { name: 'b', iban: 'x' } }],
    ['additional argument', tool('pay'), { ...args, more: null }],
    ['type of an argument', tool('pay'), { ...args, amount: '20' }],
    ['schema', tool('pay', { hash: '1'.repeat(64) }), args],
    ['name of the tool', tool('paid'), args],
    ['tool of the server', tool('pay', { source: { type: 'mcp', server: 'files', tool: 'x' } }), args],
    ['server', tool('pay', { source: { type: 'mcp', server: 'bank', tool: 'pay' } }), args],
  ];

  it.each(other)('is another for another %s', (_, changed, with_) => {
    expect(approvalHash(changed, with_)).not.toBe(hash);
  });

  it('is the same in another order of keys, and for another description or policy', () => {
    expect(approvalHash(tool('pay'), { to: { iban: 'x', name: 'a' }, amount: 20 })).toBe(hash);
    expect(approvalHash(tool('pay', { effect: 'read', description: 'other' }), args)).toBe(hash);
  });

  it('is the one in the question', () => {
    const sim = guarded(rule());
    asksFor(sim, 'pay', args);
    expect(lastOf(sim, 'approval.asked').hash).toBe(hash);
  });
});

describe('a condition', () => {
  it.each<[string, JsonObject, boolean | 'not-evaluable']>([
    ['args.amount > 10', { amount: 11 }, true],
    ['args.amount > 10', { amount: 10 }, false],
    ['args.amount > 10', { amount: 10.5 }, true],
    ['args.amount > 10.5', { amount: 11 }, true],
    ['args.amount == 10', { amount: 10 }, true],
    ['args.amount > 9007199254740990', { amount: 9_007_199_254_740_991 }, true],
    ['args.amount + 1 > 10', { amount: 10 }, true],
    ['args.amount % 2 == 0', { amount: 4 }, true],
    ['args.amount + 0.5 > 10.5', { amount: 10.5 }, true],
    ['args.amount + 1 > 10', { amount: 10.5 }, 'not-evaluable'],
    ['args.list[args.index] == "b"', { list: ['a', 'b'], index: 1 }, true],
    ['args.items[0].price >= 3', { items: [{ price: 3 }] }, true],
    ['args.to == "me"', { to: 'me' }, true],
    ['args.to == "me"', { to: 'you' }, false],
    ['args.amount > 10', {}, 'not-evaluable'],
    ['args.amount > 10', { amount: 'much' }, 'not-evaluable'],
    ['args.amount', { amount: 3 }, 'not-evaluable'],
    ['"yes"', {}, 'not-evaluable'],
    ['args.amount >', { amount: 3 }, 'not-evaluable'],
    ['other.amount > 1', { amount: 3 }, 'not-evaluable'],
    ['args.to.matches("(a+)+$")', { to: 'aaaa' }, 'not-evaluable'],
    ['matches(args.to, "a")', { to: 'a' }, 'not-evaluable'],
    ['true || (false && args.to.matches("a"))', { to: 'a' }, 'not-evaluable'],
    ['[1].exists(x, args.to.matches("a"))', { to: 'a' }, 'not-evaluable'],
  ])('%s of %j is %s', (condition, args, result) => {
    expect(evaluateCondition(condition, args)).toBe(result);
  });

  it.each([
    ['args.amount > 10', /^fits$/],
    ['args.amount >', /^(?!fits$)/],
    ['nothing.amount > 1', /^(?!fits$)/],
    ['args.to.matches("a")', /matches\(\) is not available/],
    ['matches(args.to, "a")', /matches\(\) is not available/],
  ])('checked at publish: %s', (condition, problem) => {
    expect(checkCondition(condition) ?? 'fits').toMatch(problem);
  });
});

describe('a guarded call', () => {
  it.each<[string, string | undefined, JsonObject, string | null]>([
    ['without a condition', undefined, { amount: 1 }, 'rule'],
    ['whose condition is true', 'args.amount > 10', { amount: 11 }, 'condition'],
    ['whose condition is false', 'args.amount > 10', { amount: 10 }, null],
    ['whose condition throws', 'args.amount > 10', {}, 'condition-not-evaluable'],
    ['whose condition is no boolean', 'args.amount', { amount: 1 }, 'condition-not-evaluable'],
    ['whose condition calls matches()', 'args.to.matches("a")', { to: 'b' }, 'condition-not-evaluable'],
  ])('%s', (_, when, args, why) => {
    const sim = guarded(rule(when === undefined ? {} : { when }));
    const call = asksFor(sim, 'pay', args);
    expect(phaseOf(sim, call)).toBe(why === null ? 'open' : 'approval');
    expect(allOf(sim, 'approval.asked').map((asked) => [asked.call, asked.why, asked.role, asked.expires_at])).toEqual(
      why === null ? [] : [[call, why, 'operator', null]],
    );
    expect(attention(sim)).toEqual(why === null ? [] : ['approval']);
    expect(sim.begun).toHaveLength(why === null ? 1 : 0);
  });

  it('waits while the other calls of the answer go on', () => {
    const sim = guarded(rule());
    const [pay = '', read = ''] = asks(sim, 'pay', 'read');
    expect(phaseOf(sim, read)).toBe('open');
    expect(during(sim, () => answers(sim, read))).toEqual(['tool.returned']);
    expect(phaseOf(sim, pay)).toBe('approval');
  });

  it('is asked about before it is a wait or a question', () => {
    const wait = tool('wait', { source: { type: 'builtin', name: 'wait' }, approval: rule() });
    const sim = started({ tools: [wait] });
    const call = asksFor(sim, 'wait', { seconds: 5 });
    expect(phaseOf(sim, call)).toBe('approval');
  });

  it('is asked again after a crash by nobody: the question stays open', () => {
    const sim = guarded(rule());
    const call = asksFor(sim, 'pay');
    expect(during(sim, () => crashes(sim))).toEqual(['run.taken_over']);
    expect(phaseOf(sim, call)).toBe('approval');
  });
});

describe('a decision', () => {
  const decide = (
    sim: Simulation,
    call: string,
    decision: 'approved' | 'denied',
    by = person,
    hash?: string,
    reason?: string,
  ): boolean =>
    sim.say({
      type: 'decide_approval',
      call,
      hash: hash ?? lastOf(sim, 'approval.asked').hash,
      decision,
      by,
      ...(reason === undefined ? {} : { reason }),
    });

  it.each<[string, Role, Role[], string[]]>([
    ['the named role', 'operator', ['operator'], []],
    ['one of several roles', 'builder', ['viewer', 'builder'], []],
    ['an admin', 'operator', ['admin'], []],
    ['another role', 'operator', ['builder'], ['approval_role_required']],
    ['a viewer', 'operator', ['viewer', 'auditor'], ['approval_role_required']],
    ['nobody', 'operator', [], ['approval_role_required']],
  ])('by %s', (_, role, roles, refusals) => {
    const sim = guarded(rule({ by: { role, count: 1 } }));
    const call = asksFor(sim, 'pay');
    decide(sim, call, 'approved', withRoles(...roles));
    expect(sim.refusals).toEqual(refusals);
    expect(during(sim, () => sim.look())).toEqual(refusals.length === 0 ? ['tool.called'] : []);
  });

  it('about another hash is refused', () => {
    const sim = guarded(rule());
    const call = asksFor(sim, 'pay', { amount: 1 });
    decide(sim, call, 'approved', person, approvalHash(version().tools[0] ?? tool('x'), { amount: 2 }));
    expect(sim.refusals).toEqual(['approval_hash_mismatch']);
  });

  it.each([
    ['decided', (sim: Simulation, call: string) => decide(sim, call, 'approved')],
    ['expired', (sim: Simulation) => sim.advanceToNext()],
    ['not run, since the user spoke', (sim: Simulation) => speaks(sim, 'steer')],
  ])('is refused when the question is %s', (_, happen) => {
    const sim = guarded(rule({ expires: 60_000 }));
    const call = asksFor(sim, 'pay');
    happen(sim, call);
    decide(sim, call, 'denied');
    expect(sim.refusals).toEqual(['approval_not_open']);
  });

  it.each([
    [undefined, 'tool: This call was denied.'],
    ['too dear', 'tool: This call was denied: too dear'],
  ])('denied because of %j: the model sees it and nothing is called', (reason, line) => {
    const sim = guarded(rule());
    const call = asksFor(sim, 'pay');
    decide(sim, call, 'denied', person, undefined, reason);
    expect(attention(sim)).toEqual([]);
    expect(during(sim, () => sim.look())).toEqual(['tool.not_run', 'model.called']);
    expect(lastOf(sim, 'tool.not_run')).toMatchObject({ call, why: 'denied' });
    expect(shown(sim).at(-1)).toBe(line);
    expect(sim.begun).toEqual([]);
  });

  it('approved, then the user speaks before it begins: it is not run', () => {
    const sim = guarded(rule());
    const call = asksFor(sim, 'pay');
    decide(sim, call, 'approved');
    speaks(sim, 'steer');
    expect(lastOf(sim, 'tool.not_run')).toMatchObject({ call, why: 'user-spoke' });
    expect(sim.begun).toEqual([]);
  });

  it('does not come from time alone when the rule names no expiry', () => {
    const sim = guarded(rule());
    asksFor(sim, 'pay');
    sim.advanceTime(86_400_000);
    expect(during(sim, () => sim.look())).toEqual([]);
  });

  it('is a denial once the question expires, not a moment before', () => {
    const sim = guarded(rule({ expires: 60_000 }));
    const call = asksFor(sim, 'pay');
    sim.advanceTime(59_999);
    expect(during(sim, () => sim.look())).toEqual([]);
    sim.advanceTime(1);
    expect(during(sim, () => sim.look())).toEqual(['approval.decided', 'tool.not_run', 'model.called']);
    expect(lastOf(sim, 'approval.decided')).toMatchObject({
      call,
      decision: 'denied',
      by: { type: 'system', id: 'expiry' },
    });
  });
});

describe('the user speaks while an approval is open', () => {
  it.each([
    ['steer', ['message.received', 'tool.not_run', 'message.delivered', 'model.called']],
    ['interrupt', ['message.received', 'tool.not_run', 'message.delivered', 'model.called']],
    ['queue', ['message.received']],
  ] as const)('%s', (mode, types) => {
    const sim = guarded(rule());
    const call = asksFor(sim, 'pay');
    expect(during(sim, () => speaks(sim, mode))).toEqual(types);
    const notRun = { call, why: 'user-spoke', message: 'Not run: the user spoke first.' };
    expect(allOf(sim, 'tool.not_run')).toEqual(mode === 'queue' ? [] : [notRun]);
    expect(attention(sim)).toEqual(mode === 'queue' ? ['approval'] : []);
  });
});
