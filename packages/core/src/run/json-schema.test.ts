import type { JsonObject } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { schemaProblem } from './json-schema.ts';

describe('a schema', () => {
  it.each<[string, JsonObject, RegExp]>([
    ['a reference into nothing', { $ref: '#/$defs/none' }, /cannot be used/],
    ['an unknown type', { type: 'objekt' }, /^\/type: there is no type "objekt"/],
    ['an unknown type among others', { type: ['string', 'nil'] }, /"nil"/],
    ['an unknown type deep inside', { properties: { type: { items: { type: 'int' } } } }, /^\/properties\/type\/items/],
    ['a pattern that is none', { properties: { pattern: { pattern: '(' } } }, /^\/properties\/pattern\/pattern: no/],
    ['one within a choice', { anyOf: [{ type: 'string' }, { type: 'strnig' }] }, /^\/anyOf\/1\/type/],
  ])('cannot be used with %s', (_, schema, problem) => {
    expect(schemaProblem(schema)).toMatch(problem);
  });

  it.each<[string, JsonObject]>([
    ['everything', {}],
    ['properties named like keywords', { properties: { type: { type: 'string' }, pattern: { type: 'string' } } }],
    ['data that looks like a schema', { enum: [{ type: 'x' }], default: { pattern: '(' }, const: { type: 'x' } }],
    ['a good pattern and several types', { type: ['string', 'null'], pattern: '^a+$' }],
  ])('can be used with %s', (_, schema) => {
    expect(schemaProblem(schema)).toBeNull();
  });
});
