import type { BegunCall, RunEvent } from '@holdfast/contracts';
import { resolvedContent } from './result-content.ts';

interface Begun {
  readonly call: Omit<BegunCall, 'result'>;
  /** Attempts that may have left. */
  left: number;
  result: BegunCall['result'];
  /** Number of the event that gave the model its result. */
  settledAt: number;
}

/**
 * The `once` calls whose effects a fork of this log after event `at` does not know of: begun later, or begun before
 * and not settled by then; with their results, as far as they are known. A call that never left is none.
 */
export function begunAfter(log: readonly RunEvent[], at: number): BegunCall[] {
  const calls = new Map<string, Begun>();
  const inherited: BegunCall[] = [];
  for (const event of log) {
    if (event.type === 'run.forked' && event.seq > at) inherited.push(...event.data.began);
    note(calls, event);
  }
  const own = [...calls.values()]
    .filter(({ left, settledAt }) => left > 0 && settledAt > at)
    .map(({ call, result }): BegunCall => ({ ...call, result }));
  const keys = new Set(own.map(({ key }) => key));
  return [...own, ...inherited.filter(({ key }) => !keys.has(key))];
}

function note(calls: Map<string, Begun>, event: RunEvent): void {
  if (event.type === 'tool.called') {
    const { call: id, key, name, arguments_hash, effect } = event.data;
    if (effect !== 'once') return;
    const known = calls.get(id);
    if (known !== undefined) known.left += 1;
    else
      calls.set(id, {
        call: { key, name, arguments_hash },
        left: 1,
        result: null,
        settledAt: Number.POSITIVE_INFINITY,
      });
    return;
  }
  const begun = 'call' in event.data ? calls.get(event.data.call) : undefined;
  if (begun === undefined) return;
  switch (event.type) {
    case 'tool.failed':
    case 'tool.changed':
      begun.left -= 1;
      return;
    case 'tool.returned':
    case 'tool.late_result':
      begun.result ??= resultOf(event.data.content, event.data);
      if (event.type === 'tool.returned') begun.settledAt = event.seq;
      return;
    case 'tool.resolved':
      if (event.data.how === 'retry') return;
      begun.result ??= resultOf(resolvedContent(event.data), { is_error: event.data.how === 'fail', ...event.data });
      begun.settledAt = event.seq;
      return;
    case 'tool.not_run':
    case 'duplicate.decided':
      if (event.type === 'tool.not_run' || event.data.decision !== 'call') begun.settledAt = event.seq;
      return;
    default:
      return;
  }
}

type Result = NonNullable<BegunCall['result']>;

const resultOf = (
  content: Result['content'],
  { is_error, artifacts }: { is_error?: boolean | undefined; artifacts?: Result['artifacts'] },
): Result => ({ content, is_error: is_error ?? false, ...(artifacts === undefined ? {} : { artifacts }) });
