import { expect, test } from 'vitest';
import { arrayLiteral } from './array-literal.ts';

test.each([
  [[], '{}'],
  [[1, null, 2 ** 40], '{1,NULL,1099511627776}'],
  [[true, false], '{true,false}'],
  [['plain.text', 'a-b:c'], '{plain.text,a-b:c}'],
  [['NULL', 'null', 'Null', ''], '{"NULL","null","Null",""}'],
  [['a b', 'a,b', '{}', '"', '\\', 'é'], '{"a b","a,b","{}","\\"","\\\\","é"}'],
])('%j is written %s', (elements, literal) => {
  expect(arrayLiteral(elements)).toBe(literal);
});
