import type { Json, JsonObject } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { buildRequest } from './build-request.ts';
import type { Operation, Parameter } from './operation.ts';
import { requestOperation } from './request-operation.ts';

const described = (
  spec: { method?: 'GET' | 'POST' | 'DELETE'; url?: string; query?: Record<string, string>; body?: Json },
  args: JsonObject,
) =>
  buildRequest(
    requestOperation('tool', {
      type: 'request',
      description: 'Does it.',
      method: 'POST',
      url: 'https://api.test/things',
      query: {},
      headers: {},
      input_schema: { type: 'object' },
      refused_on: [],
      ...spec,
    }),
    args,
  );

describe('a described request', () => {
  it.each<[string, Parameters<typeof described>[0], JsonObject, object]>([
    [
      'puts the arguments that stand nowhere else into the body',
      { url: 'https://api.test/users/{user}/mails' },
      { user: 'a/b?c', subject: 'Hi', count: 2 },
      { url: 'https://api.test/users/a%2Fb%3Fc/mails', body: '{"subject":"Hi","count":2}' },
    ],
    [
      'puts them into the query of a GET',
      { method: 'GET', url: 'https://api.test/find?limit=5' },
      { q: 'x y&z', tags: ['a', 'b'], none: null },
      { url: 'https://api.test/find?limit=5&q=x+y%26z&tags=a&tags=b', body: null },
    ],
    [
      'maps the query',
      { method: 'GET', query: { page: '{number}', fixed: 'yes' } },
      { number: 3 },
      { url: 'https://api.test/things?fixed=yes&page=3' },
    ],
    [
      'fills the body it was given, with types kept, and leaves out what is missing',
      { body: { to: '{to}', meta: { count: '{count}', list: ['{to}', 'literal {to}'] }, gone: '{absent}' } },
      { to: 'x@test', count: 2, extra: true },
      { body: '{"to":"x@test","meta":{"count":2,"list":["x@test","literal {to}"]}}', url: 'https://api.test/things' },
    ],
    ['sends no body with DELETE', { method: 'DELETE' }, {}, { body: null, headers: {} }],
    ['does not take what every object inherits for an argument', { body: { a: '{constructor}' } }, {}, { body: '{}' }],
  ])('%s', (_, spec, args, expected) => expect(described(spec, args)).toMatchObject(expected));

  it.each<[string, JsonObject]>([
    ['climbs', { user: '..' }],
    ['stays', { user: '.' }],
    ['is empty', { user: '' }],
    ['is missing', {}],
  ])('refuses a part of the path that %s', (_, args) =>
    expect(() => described({ url: 'https://api.test/users/{user}' }, args)).toThrow(/user/),
  );
});

describe('parameters', () => {
  const operation = (parameter: Partial<Parameter>): Operation => ({
    name: 'tool',
    description: '',
    input_schema: {},
    method: 'GET',
    url: 'https://api.test/',
    parameters: [{ argument: 'value', name: 'Value', in: 'query', explode: true, ...parameter }],
    body: { type: 'none' },
    restInQuery: false,
  });

  it.each<[string, Partial<Parameter>, Json, object]>([
    ['a list in pairs', {}, ['a', 'b'], { url: 'https://api.test/?Value=a&Value=b' }],
    ['a list with commas', { explode: false }, ['a', 'b'], { url: 'https://api.test/?Value=a%2Cb' }],
    ['an object as JSON', {}, { a: 1 }, { url: 'https://api.test/?Value=%7B%22a%22%3A1%7D' }],
    ['a header in lower case', { in: 'header' }, true, { headers: { value: 'true' } }],
  ])('sends %s', (_, parameter, value, expected) =>
    expect(buildRequest(operation(parameter), { value })).toMatchObject(expected),
  );

  it('refuses a header of two lines', () =>
    expect(() => buildRequest(operation({ in: 'header' }), { value: 'a\r\nHost: b' })).toThrow(/header/));
});
