import { describe, expect, test } from 'vitest';
import { changesOf } from './limits.ts';

describe('numbers of one tenant', () => {
  test.each([
    [['caller.read=20', 'agents=0'], { 'caller.read': 20, agents: 0 }],
    [['agents=default'], { agents: null }],
    [['agents=default', 'keys=3'], { agents: null, keys: 3 }],
  ])('%j', (numbers, changes) => {
    expect(changesOf(numbers)).toEqual(changes);
  });

  test.each([['agents'], ['agents=-1'], ['caller.read=0'], ['address.auth=1'], ['nothing=1'], ['nothing=default']])(
    '%s is none',
    (text) => {
      expect(() => changesOf([text])).toThrow('cannot be used: write name=number');
    },
  );
});
