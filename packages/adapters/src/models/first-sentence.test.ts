import { describe, expect, it } from 'vitest';
import { firstSentence } from './first-sentence.ts';

describe('firstSentence', () => {
  it.each([
    ['a heading', '# Title\n\nThe first one. The second.\n', 'The first one.'],
    ['an underlined heading', 'Title\n=====\n\nHere it is.', 'Here it is.'],
    ['front matter and badges', '---\ntitle: x\n---\n[![b](c)](d)\n![i](j)\n\nReal text!', 'Real text!'],
    ['code', '```sh\nnpm start\n```\n\nRun it.', 'Run it.'],
    ['lists, tables and quotations', '- a\n1. b\n| c |\n> d\n\nProse?', 'Prose?'],
    ['comments and HTML', '<!-- no.\nno. -->\n<p align="center">\n\nYes.', 'Yes.'],
  ])('passes over %s', (_, text, sentence) => {
    expect(firstSentence(text)).toBe(sentence);
  });

  it.each([
    ['A line\nbroken in two. More.', 'A line broken in two.'],
    ['Use one, e.g. this or e.g. That, always. More.', 'Use one, e.g. this or e.g. That, always.'],
    ['Version 1.2 of x.js is out. More.', 'Version 1.2 of x.js is out.'],
    ['He said “no.” She left.', 'He said “no.”'],
    ['Is it? It is.', 'Is it?'],
    ['これは文です。次の文。', 'これは文です。'],
    ['No end at all', 'No end at all'],
  ])('ends where the sentence ends: %s', (text, sentence) => {
    expect(firstSentence(text)).toBe(sentence);
  });

  it('falls back to a first line, and to nothing', () => {
    expect(firstSentence('# Only a heading\n')).toBe('# Only a heading');
    expect(firstSentence(' \n\n')).toBe('');
  });

  it('cuts by characters, not through an emoji', () => {
    const cut = firstSentence(`a${'🐎'.repeat(400)}`);
    expect(Array.from(cut)).toHaveLength(300);
    expect(cut.endsWith('🐎…')).toBe(true);
    expect(cut).not.toMatch(/\p{Surrogate}/u);
  });
});
