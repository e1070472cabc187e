import { type Content, type RunEvent, type SaidBefore, text } from '@holdfast/contracts';
import type { PromptMessage } from './prompt-message.ts';
import { bytesOf } from './sizes.ts';

/** Block of all that was said in a thread before a run: it is dropped as one. */
export const BEFORE = -1;

/**
 * What the next run of a thread is shown of this transcript: its newest part, in whole answers with their results, of
 * at most so many bytes. Files stay with the run that has them; calls without a result are answered.
 */
export function threadPrefix(messages: readonly PromptMessage[], maxBytes: number): SaidBefore[] {
  let left = maxBytes;
  const kept: SaidBefore[][] = [];
  for (const group of groupsOf(messages).toReversed()) {
    left -= bytesOf(group);
    if (left < 0) break;
    kept.unshift(group);
  }
  return kept.flat();
}

/** The prefix as messages of the run's own prompt. */
export const prefixMessages = (said: readonly SaidBefore[]): PromptMessage[] =>
  said.map((message): PromptMessage => {
    if (message.role === 'user') return { ...message, block: BEFORE };
    if (message.role === 'tool') {
      const { role, id, name, content, is_error } = message;
      return { role, block: BEFORE, id, name, content, isError: is_error };
    }
    return { role: 'assistant', block: BEFORE, content: message.content, toolCalls: message.tool_calls };
  });

/** What the event pins of the thread; null when the run continues none. */
export const pinned = (event: RunEvent): readonly SaidBefore[] | null =>
  event.type === 'run.admitted' ? (event.data.thread?.said ?? null) : null;

/** An answer and the results of its calls belong together. */
function groupsOf(messages: readonly PromptMessage[]): SaidBefore[][] {
  const groups: SaidBefore[][] = [];
  let missing: { id: string; name: string }[] = [];
  const close = (): void => {
    for (const { id, name } of missing)
      groups
        .at(-1)
        ?.push({ role: 'tool', id, name, content: text('The run ended before this call did.'), is_error: true });
    missing = [];
  };
  for (const message of messages) {
    switch (message.role) {
      case 'system':
        break;
      case 'tool': {
        const { id, name, content, isError } = message;
        missing = missing.filter((call) => call.id !== id);
        groups.at(-1)?.push({ role: 'tool', id, name, content: withoutFiles(content), is_error: isError });
        break;
      }
      case 'user':
        close();
        groups.push([{ role: 'user', content: withoutFiles(message.content) }]);
        break;
      case 'assistant':
        close();
        missing = message.toolCalls.map(({ id, name }) => ({ id, name }));
        groups.push([
          { role: 'assistant', content: withoutFiles(message.content), tool_calls: [...message.toolCalls] },
        ]);
        break;
    }
  }
  close();
  return groups;
}

const withoutFiles = (content: Content): Content =>
  content.flatMap((part): Content => {
    if (part.type === 'text') return [part];
    const name = part.type === 'artifact' ? (part.name ?? 'a file') : 'an image';
    const preview = part.type === 'artifact' ? (part.preview ?? '') : '';
    return text(`[${name}, ${part.size} bytes, of an earlier run]${preview === '' ? '' : `\n${preview}`}`);
  });
