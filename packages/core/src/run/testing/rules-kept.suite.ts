import type { JsonObject, RunEvent } from '@holdfast/contracts';
import { expect } from 'vitest';
import { approvalHash } from '../approvals.ts';
import { evaluateCondition } from '../condition.ts';
import { hashOf } from '../hash.ts';
import { misfitOf } from '../json-schema.ts';
import { bytesOf } from '../sizes.ts';
import type { Simulation } from './simulation.suite.ts';

/** What must hold of every log, read from the log alone and not by the rules that wrote it. */
export function checkRules(sim: Simulation): void {
  checkAnswers(sim);
  checkApprovals(sim);
  checkModels(sim);
  checkContext(sim);
  checkTimes(sim);
}

/** One rejected answer a turn at most; the run fails at the second, and succeeds with a value that fits. */
function checkAnswers({ events, run }: Simulation): void {
  const schema = run.state.version.output?.schema;
  let rejected = 0;
  for (const event of events) {
    if (event.type === 'message.delivered' || event.type === 'run.forked') rejected = 0;
    if (event.type === 'answer.rejected') rejected += 1;
    expect(rejected, 'rejected answers of one turn').toBeLessThanOrEqual(schema === undefined ? 0 : 1);
    if (event.type === 'run.failed' && event.data.code === 'output_invalid') expect(rejected).toBe(1);
    if (event.type !== 'run.succeeded') continue;
    if (schema === undefined) expect(event.data.value).toBeUndefined();
    else expect(misfitOf(schema, event.data.value ?? null)).toBeNull();
  }
}

/** What runs is what was asked for, or what a person wrote; where people must agree, they agreed to exactly that. */
function checkApprovals({ events, run }: Simulation): void {
  checkApprovers(events);
  const args = new Map<string, JsonObject>();
  const changed = new Set<string>();
  const approved = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'run.forked') approved.clear();
    if (event.type === 'model.answered')
      event.data.tool_calls.forEach((call, index) => args.set(`${event.seq}.${index}`, call.arguments));
    if (event.type === 'approval.changed') {
      args.set(event.data.call, event.data.arguments);
      changed.add(event.data.call);
      approved.delete(event.data.call);
    }
    if (event.type === 'approval.decided' && event.data.decision === 'approved')
      approved.set(event.data.call, event.data.hash);
    if (event.type !== 'tool.called') continue;
    const { call, name } = event.data;
    const used = args.get(call) ?? {};
    expect(event.data.arguments_hash, `arguments of ${call}`).toBe(hashOf(used));
    const tool = run.state.version.tools.find((each) => each.name === name);
    if (tool?.approval == null) continue;
    const passes = evaluateCondition(tool.approval.when ?? 'true', used) === false && !changed.has(call);
    if (!passes) expect(approved.get(call), `the approval of ${call}`).toBe(approvalHash(tool, used));
  }
}

/** So many different people agreed, and with four eyes none of those who asked for the call. */
function checkApprovers(events: Simulation['events']): void {
  const starters: string[] = [];
  const editors = new Map<string, string[]>();
  const asked = new Map<string, { count: number; fourEyes: boolean; voters: Set<string> }>();
  for (const event of events) {
    if (event.type === 'run.created' || event.type === 'run.forked') starters.push(event.data.by.id);
    if (event.type === 'approval.changed')
      editors.set(event.data.call, [...(editors.get(event.data.call) ?? []), event.data.by.id]);
    if (event.type === 'approval.asked') {
      const { call, count = 1, four_eyes: fourEyes = false } = event.data;
      asked.set(call, { count, fourEyes, voters: new Set() });
    }
    if (event.type !== 'approval.given' && event.type !== 'approval.decided') continue;
    const { call, by } = event.data;
    const question = asked.get(call);
    if (question === undefined || (event.type === 'approval.decided' && event.data.decision === 'denied')) continue;
    question.voters.add(by.id);
    if (question.fourEyes)
      expect([...starters, ...(editors.get(call) ?? [])], `authors of ${call}`).not.toContain(by.id);
    if (event.type === 'approval.decided') expect(question.voters.size, `who agreed to ${call}`).toBe(question.count);
    else expect(question.voters.size).toBeLessThan(question.count);
  }
}

/** After each failure the next model, round and round, from the first again when a person says so. */
function checkModels({ events, run }: Simulation): void {
  const { model } = run.state.version;
  const chain = [model, ...model.fallbacks];
  const failures = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'run.forked') failures.clear();
    if (event.type === 'model.failed') failures.set(event.data.call, (failures.get(event.data.call) ?? 0) + 1);
    if (event.type === 'attempt.scheduled' && event.data.by !== undefined) failures.delete(event.data.call);
    if (event.type !== 'model.called') continue;
    const { name, prices } = chain[(failures.get(event.data.call) ?? 0) % chain.length] ?? model;
    expect([event.data.model, event.data.prices]).toEqual([name, prices]);
  }
}

/** The first input stays, a summary is asked for only where it is wanted, and the size is never too small. */
function checkContext({ events, run }: Simulation): void {
  const { messages } = run.transcript;
  expect(messages.filter(({ block }) => block === 0).map(({ role }) => role)).toEqual(['system', 'user']);
  const summaries = events.filter((event) => event.type === 'model.called' && event.data.purpose === 'summary');
  if (run.state.version.context.then === 'drop') expect(summaries).toEqual([]);
  events.forEach((event, index) => {
    if (event.type === 'model.answered' && event.data.purpose === 'summary')
      expect(['context.compacted', 'run.forked']).toContain(events[index + 1]?.type);
  });
  if (run.state.phase !== 'live') return;
  const { context } = run.state;
  const shown = messages.reduce((sum, message) => {
    if (message.block === 0 || message.role === 'system') return sum;
    const calls = message.role === 'assistant' ? message.toolCalls : [];
    return sum + bytesOf(message.content) + (calls.length === 0 ? 0 : bytesOf(calls));
  }, 0);
  expect(shown, 'bytes shown').toBeLessThanOrEqual(context.bytes - context.fixed);
}

/** Nothing begins before its time, and nobody begins what has expired. */
function checkTimes({ events }: Simulation): void {
  const [created] = events;
  if (created?.type !== 'run.created' || events.some(({ type }) => type === 'run.forked')) return;
  const { start_at = 0, expires_at = Number.POSITIVE_INFINITY } = created.data;
  for (const { type, at } of events) if (begins.has(type)) expect(at, type).toBeGreaterThanOrEqual(start_at);
  const admitted = events.find(({ type }) => type === 'run.admitted');
  const cancelled = events.find(({ type }) => type === 'run.cancel_requested');
  if (admitted !== undefined && (cancelled === undefined || cancelled.seq > admitted.seq))
    expect(admitted.at).toBeLessThan(expires_at);
  const expired = events.some((event) => event.type === 'run.failed' && event.data.code === 'expired');
  if (expired) expect(events.map(({ type }) => type)).toEqual(['run.created', 'run.failed']);
}

const begins: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>(['model.called', 'tool.called']);
