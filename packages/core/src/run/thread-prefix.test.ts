import { text } from '@holdfast/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginRun, extend } from '../log/loaded-run.ts';
import type { PromptMessage } from './prompt-message.ts';
import { bytesOf } from './sizes.ts';
import { RUN } from './testing/simulation.suite.ts';
import { answers, asks, asksFor, concludes, shown, started } from './testing/steps.ts';
import { version } from './testing/versions.ts';
import { threadPrefix } from './thread-prefix.ts';

const transcriptOf = (...words: string[]): readonly PromptMessage[] => {
  const sim = started({}, words[0]);
  for (const word of words.slice(1)) answers(sim, asksFor(sim, 'read'), word);
  concludes(sim, 'the end');
  return sim.run.transcript.messages;
};

describe('what a run is shown of its thread', () => {
  it('leaves the instructions out, and is the newest part in whole answers', () => {
    const messages = transcriptOf('hello', 'one', 'two');
    const all = threadPrefix(messages, 100_000);
    expect(all.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool', 'assistant']);
    for (let bytes = 0; bytes <= bytesOf(all) + 50; bytes += 7) {
      const part = threadPrefix(messages, bytes);
      expect(part).toEqual(all.slice(all.length - part.length));
      expect(part[0]?.role).not.toBe('tool');
    }
    expect(threadPrefix(messages, 0)).toEqual([]);
  });

  it('answers calls that had no result, and keeps of files their beginning', () => {
    const sim = started();
    const [first = ''] = asks(sim, 'read', 'same');
    const file = { type: 'artifact', digest: 'a'.repeat(64), size: 9, media_type: 'text/plain', name: 'n' } as const;
    sim.do({ type: 'tool_answered', call: first, attempt: 1, content: [{ ...file, preview: 'It' }], isError: false });
    expect(threadPrefix(sim.run.transcript.messages, 10_000).slice(2)).toEqual([
      { role: 'tool', id: 'c0', name: 'read', content: text('[n, 9 bytes, of an earlier run]\nIt'), is_error: false },
      { role: 'tool', id: 'c1', name: 'same', content: text('The run ended before this call did.'), is_error: true },
    ]);
  });

  it('stands before the first input, counts in the context, and comes from the log alone', () => {
    const said = threadPrefix(transcriptOf('hello', 'one'), 10_000);
    fc.assert(
      fc.property(fc.constantFrom(...said.keys()), (from) => {
        const prefix = { run: RUN, seq: 9, said: said.slice(from) };
        const sim = started({}, 'next');
        const [created, , ...rest] = sim.events;
        if (created === undefined) throw new Error('no beginning');
        const admitted = { type: 'run.admitted', seq: 2, at: created.at, data: { thread: prefix } } as const;
        const run = [created, admitted, ...rest].reduce(extend, beginRun(RUN, version()));
        sim.run = run;
        expect(shown(sim)).toHaveLength(2 + prefix.said.length);
        expect(shown(sim).at(-1)).toBe('user: next');
        expect(run.state).toMatchObject({ problem: null, context: { blocks: [{ bytes: bytesOf(prefix.said) }] } });
        expect([created, admitted, ...rest].reduce(extend, beginRun(RUN, version()))).toEqual(run);
      }),
    );
  });
});
