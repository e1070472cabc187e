import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';

describe('LineReader', () => {
  it('finds the same lines however the bytes are cut', () => {
    const bytes = Buffer.from('first\n\nžluťoučký 🐎\nlast\nunfinished');
    for (let size = 1; size <= bytes.length; size += 1) {
      const reader = new LineReader(100);
      const lines: string[] = [];
      for (let at = 0; at < bytes.length; at += size) lines.push(...reader.push(bytes.subarray(at, at + size)));
      expect(lines).toEqual(['first', '', 'žluťoučký 🐎', 'last']);
    }
  });

  it('bounds one line, not their sum', () => {
    const reader = new LineReader(4);
    expect(reader.push(Buffer.from('1234\n1234\n123'))).toEqual(['1234', '1234']);
    expect(() => reader.push(Buffer.from('45'))).toThrow(RangeError);
  });
});
