import { text } from '@holdfast/contracts';
import type { PromptMessage } from '@holdfast/core';
import { expect, it } from 'vitest';
import { fillText } from './placeholders.ts';

const result = (block: number, id: string, words: string): PromptMessage => ({
  role: 'tool',
  block,
  id,
  name: 'reader',
  content: text(words),
  isError: false,
});

it('joins the results of the newest answer only', () => {
  const messages = [result(3, 'a', 'old'), result(9, 'b', 'one'), result(9, 'c', 'two')];
  expect(fillText('{{answers}}', { messages })).toBe('one\n\ntwo');
  expect(fillText('{{answers}}', { messages: [] })).toBe('');
});
