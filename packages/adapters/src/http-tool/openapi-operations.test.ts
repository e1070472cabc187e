import type { JsonObject } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { openApiOperations } from './openapi-operations.ts';

const document = {
  openapi: '3.0.3',
  servers: [{ url: 'https://crm.test/v1/' }],
  paths: {
    '/customers/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      get: { operationId: 'getCustomer', summary: 'Reads a customer.', description: 'All of it.' },
      put: {
        parameters: [
          { name: 'id', in: 'query', schema: { type: 'integer' }, description: 'of the request' },
          { name: 'X-Trace', in: 'header', required: true, schema: { type: 'string' } },
          { name: 'Authorization', in: 'header', required: true, schema: { type: 'string' } },
          { name: 'fields', in: 'query', explode: false, schema: { type: 'array', items: { type: 'string' } } },
        ],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Customer' } } },
        },
      },
    },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'string', example: 'c1' } } },
    schemas: {
      Customer: {
        type: 'object',
        properties: {
          name: { type: 'string', nullable: true },
          example: { type: 'string' },
          age: { type: 'integer', minimum: 0, exclusiveMinimum: true },
          parent: { $ref: '#/components/schemas/Customer' },
        },
      },
    },
  },
} satisfies JsonObject;

const operations = (changed: JsonObject = {}, base_url?: string) =>
  openApiOperations({
    type: 'openapi',
    document: { ...document, ...changed },
    headers: {},
    refused_on: [429],
    ...(base_url === undefined ? {} : { base_url }),
  });

describe('openApiOperations', () => {
  it('makes a tool of each operation', () => {
    expect(operations()).toMatchObject([
      {
        name: 'getCustomer',
        description: 'Reads a customer.\nAll of it.',
        method: 'GET',
        url: 'https://crm.test/v1/customers/{id}',
        input_schema: {
          type: 'object',
          properties: { id: { type: 'string' } },
          required: ['id'],
          additionalProperties: false,
        },
        body: { type: 'none' },
      },
      { name: 'put_customers_id', method: 'PUT' },
    ]);
  });

  it('gives arguments of one name two names, and the body its own', () => {
    const [, put] = operations();
    expect(put?.parameters).toEqual([
      { argument: 'id', name: 'id', in: 'path', explode: true },
      { argument: 'id_query', name: 'id', in: 'query', explode: true },
      { argument: 'X-Trace', name: 'X-Trace', in: 'header', explode: true },
      { argument: 'fields', name: 'fields', in: 'query', explode: false },
    ]);
    expect(put?.input_schema['required']).toEqual(['id', 'X-Trace', 'body']);
  });

  it('puts references in place, ends them where they repeat, and speaks JSON Schema 2020-12', () => {
    const [, put] = operations();
    expect(put?.input_schema).toMatchObject({
      properties: {
        body: {
          type: 'object',
          properties: {
            name: { type: ['string', 'null'] },
            example: { type: 'string' },
            age: { type: 'integer', exclusiveMinimum: 0 },
            parent: {},
          },
        },
      },
    });
    expect(JSON.stringify(put?.input_schema)).not.toMatch(/\$ref|"minimum"|nullable|c1/);
  });

  it('calls another server when told to', () =>
    expect(operations({}, 'https://eu.crm.test')[0]?.url).toBe('https://eu.crm.test/customers/{id}'));

  const path = (operation: JsonObject): JsonObject => ({ paths: { '/x': { post: operation } } });
  const branching = Object.fromEntries(
    Array.from({ length: 20 }, (_, level) => [
      `L${level}`,
      { allOf: [{ $ref: `#/components/schemas/L${level + 1}` }, { $ref: `#/components/schemas/L${level + 1}` }] },
    ]),
  );

  it.each<[string, JsonObject, RegExp]>([
    ['another version', { openapi: '2.0' }, /3\.0 or 3\.1/],
    ['no version', { openapi: null }, /3\.0 or 3\.1/],
    ['no operation', { paths: {} }, /no operation/],
    ['a relative server', { servers: [{ url: '/v1' }] }, /base_url/],
    ['a server with variables', { servers: [{ url: 'https://{region}.crm.test' }] }, /base_url/],
    ['a reference that leads nowhere', path({ requestBody: { $ref: '#/nowhere' } }), /leads nowhere/],
    ['a reference out of the document', path({ requestBody: { $ref: 'other.json#/a' } }), /out of the document/],
    ['a required cookie', path({ parameters: [{ name: 's', in: 'cookie', required: true }] }), /cannot be sent/],
    ['a body that is no JSON', path({ requestBody: { required: true, content: { 'text/csv': {} } } }), /text\/csv/],
    ['an undescribed part of the path', { paths: { '/x/{y}': { get: {} } } }, /\{y\}/],
    [
      'references that multiply',
      {
        ...path({ requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/L0' } } } } }),
        components: { schemas: { ...branching, L20: {} } },
      },
      /more than 5000/,
    ],
  ])('refuses %s', (_, changed, message) => expect(() => operations(changed)).toThrow(message));
});
