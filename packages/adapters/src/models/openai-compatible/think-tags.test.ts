import { describe, expect, it } from 'vitest';
import { ThinkTags } from './think-tags.ts';

const inPieces = (text: string, size: number): string => {
  const tags = new ThinkTags();
  let said = '';
  for (let at = 0; at < text.length; at += size) said += tags.pass(text.slice(at, at + size));
  return said + tags.rest();
};

describe.each([1, 2, 3, 7, 100])('in pieces of %d', (size) => {
  it.each([
    ['an answer alone stays', 'Hello <b>you</b>', 'Hello <b>you</b>'],
    ['a thought is dropped', '<think>\nHm, </thin ok.\n</think>\n\nHello', 'Hello'],
    ['white space before it too', '\n <think>a</think> b', 'b'],
    ['a thought without an end is no answer', '<think>and then', ''],
    ['a thought alone is no answer', '<think></think>\n', ''],
    ['tags further on stay', 'Use <think>x</think>', 'Use <think>x</think>'],
    ['what only looks like a tag stays', ' <thin', ' <thin'],
    ['nothing is nothing', '', ''],
  ])('%s', (_name, text, answer) => {
    expect(inPieces(text, size)).toBe(answer);
  });
});
