import { describe, expect, it } from 'vitest';
import { changes, linesOf } from './spec-diff.ts';

const text = (before: unknown, after: unknown): string[] => changes(before, after).map(({ sign, line }) => sign + line);

describe('the comparison of specs', () => {
  it('is empty for the same values in another order', () => {
    expect(text({ a: 1, b: { c: [1, 'x'] } }, { b: { c: [1, 'x'] }, a: 1 })).toEqual([]);
  });

  it('shows what was taken away, put in and changed, with its surroundings', () => {
    const before = { instructions: 'one\ntwo\nthree\n', limits: { steps: 10 }, name: 'a' };
    const after = { instructions: 'one\n2\nthree\n', limits: { steps: 10 }, name: 'a', tools: [{ builtin: 'ask' }] };
    expect(text(before, after)).toEqual([
      ' instructions: |',
      '   one',
      '-  two',
      '+  2',
      '   three',
      ' limits:',
      '   steps: 10',
      ' name: "a"',
      '+tools:',
      '+  - builtin: "ask"',
    ]);
  });

  it('leaves out what is far from any change', () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`k${String(index).padStart(2, '0')}`, 1]),
    );
    expect(text(many, { ...many, k00: 2, k29: 2 })).toEqual([
      '-k00: 1',
      '+k00: 2',
      ' k01: 1',
      ' k02: 1',
      ' k03: 1',
      ' …',
      ' k26: 1',
      ' k27: 1',
      ' k28: 1',
      '-k29: 1',
      '+k29: 2',
    ]);
  });

  it('tells empty lists, empty objects, null and text apart', () => {
    expect(linesOf({ a: [], b: {}, c: null, d: 'null' })).toEqual(['a: []', 'b: {}', 'c: null', 'd: "null"']);
  });
});
