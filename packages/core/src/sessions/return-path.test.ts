import { describe, expect, it } from 'vitest';
import { returnPath } from './return-path.ts';

describe('where a login leads back to', () => {
  it.each(['/', '/runs', '/runs/1?tab=events#last', '/a//b', '/?next=https://evil.example', '/@evil.example'])(
    'may be %s',
    (text) => expect(returnPath(text)).toBe(text),
  );

  it.each([
    '',
    'runs',
    'https://evil.example',
    'https:evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    ' //evil.example',
    '/..//evil.example',
    '/.//evil.example',
    '/%2e//evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/\u0000',
  ])('may not be %j', (text) => expect(returnPath(text)).toBeNull());
});
