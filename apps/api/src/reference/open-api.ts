import { type ErrorCode, errorCodes, problem } from '@holdfast/contracts';
import { z } from 'zod';
import {
  createDocument,
  type CreateDocumentOptions,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiRequestBodyObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { idempotencyKey } from '../http/once.ts';
import { type AnswerDocument, type HeaderDocument, type Route, tags } from '../http/route.ts';
import { refusalsOf } from './refusals.ts';

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** The OpenAPI 3.1 document of these routes. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = pathOf(route);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const used = new Set(routes.map(({ tag }) => tag));
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        version: 'v1',
        description:
          'Durable runs for AI agents. Errors are problem documents (RFC 9457) with a stable `code`. Lists are paged: `next_cursor` goes into the next request’s `cursor`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: Object.entries(tags)
        .filter(([name]) => used.has(name as Route['tag']))
        .map(([name, description]) => ({ name, description })),
      security: [{ key: [] }],
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key, `hf_…`, or an access token of the OIDC issuer. In a browser the session cookie of a login does, too; changes need the header `x-holdfast-csrf` then.',
          },
        },
      },
      paths,
    },
    options,
  );
  return withPlainJson(document);
}

/** `/v1/runs/:run` as OpenAPI writes it. */
export const pathOf = ({ url }: Pick<Route, 'url'>): string => url.replaceAll(/:(\w+)/g, '{$1}');

/** Names the operation in the document: as in the table of permissions. */
export const operationIdOf = ({ operation, url }: Pick<Route, 'operation' | 'url'>): string =>
  operation ?? url.replaceAll(/\W+/g, '-').replace(/^-/, '');

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { tag, summary, description, operation, params, query } = route;
  const header = headersOf(route);
  const body = bodyOf(route);
  return {
    operationId: operationIdOf(route),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(operation === null ? { security: [] } : {}),
    requestParams: {
      ...(isEmpty(params) ? {} : { path: params }),
      ...(isEmpty(query) ? {} : { query }),
      ...(isEmpty(header) ? {} : { header }),
    },
    ...(body === null ? {} : { requestBody: body }),
    responses: { ...answersOf(route), ...problemsOf(route) },
  };
}

const isEmpty = (schema: z.ZodObject): boolean => Object.keys(schema.shape).length === 0;

function headersOf({ idempotent, headers = {} }: Route): z.ZodObject {
  const all = { ...(idempotent === true ? { 'Idempotency-Key': idempotencyKey } : {}), ...headers };
  return z.object(Object.fromEntries(Object.entries(all).map(([name, header]) => [name, headerSchema(header)])));
}

function headerSchema(header: HeaderDocument): z.ZodType {
  if (typeof header === 'string') return z.string().optional().meta({ description: header });
  return z.string().regex(header.pattern).optional().meta({ description: header.description });
}

function bodyOf({ body, documentedBody = body, yaml, form, bytes }: Route): ZodOpenApiRequestBodyObject | null {
  if (bytes === true)
    return {
      required: true,
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    };
  if (documentedBody instanceof z.ZodUndefined) return null;
  const optional = documentedBody instanceof z.ZodOptional;
  const schema = optional ? documentedBody.unwrap() : documentedBody;
  return {
    required: !optional,
    content: form
      ? { 'application/x-www-form-urlencoded': { schema } }
      : { 'application/json': { schema }, ...(yaml ? { 'application/yaml': { schema } } : {}) },
  };
}

const answersOf = ({ answers }: Route): ZodOpenApiResponsesObject =>
  Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)]));

function answerOf({ description, json, media = {}, headers = {} }: AnswerDocument) {
  const others = Object.entries(media).map(([type, meaning]) => [
    type,
    { schema: z.string().meta({ description: meaning }) },
  ]);
  return {
    description,
    ...(Object.keys(headers).length === 0
      ? {}
      : {
          headers: z.object(
            Object.fromEntries(
              Object.entries(headers).map(([name, meaning]) => [
                name,
                z.string().optional().meta({ description: meaning }),
              ]),
            ),
          ),
        }),
    content: {
      ...(json === undefined ? {} : { 'application/json': { schema: json } }),
      ...Object.fromEntries(others),
    },
  };
}

function problemsOf(route: Route): ZodOpenApiResponsesObject {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of refusalsOf(route)) {
    const { status } = errorCodes[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const answered = new Set(Object.keys(route.answers));
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !answered.has(String(status)))
      .map(([status, codes]) => [
        String(status),
        {
          description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}.`).join(' '),
          content: { 'application/problem+json': { schema: problem } },
        },
      ]),
  );
}

const options: CreateDocumentOptions = {
  override: ({ jsonSchema, io }) => {
    const schema = jsonSchema as Record<string, unknown>;
    // What zod writes for formats and whole numbers says no more than the format and `integer` do.
    if (schema['format'] !== undefined) delete schema['pattern'];
    if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
    if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
    // Readers must take fields that a later release adds.
    if (io === 'output' && schema['additionalProperties'] === false) delete schema['additionalProperties'];
  },
};

/** zod writes "any JSON value" as a recursion, once for each side; OpenAPI says it in one word. */
function withPlainJson(document: OpenApiDocument): OpenApiDocument {
  const schemas = document.components?.schemas ?? {};
  const recursions = Object.keys(schemas).filter((name) => name.startsWith('__schema'));
  for (const name of recursions)
    if (!JSON.stringify(schemas[name]).startsWith('{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"}'))
      throw new Error(`${name} is no JSON value: give the recursive schema an id`);
  const names = [...recursions, 'JsonOutput'].join('|');
  const text = JSON.stringify(document).replaceAll(
    new RegExp(`"#/components/schemas/(?:${names})"`, 'g'),
    '"#/components/schemas/Json"',
  );
  const plain = JSON.parse(text) as OpenApiDocument;
  const kept = Object.entries(plain.components?.schemas ?? {}).filter(
    ([name]) => !new RegExp(`^(${names})$`).test(name),
  );
  const sorted = kept.toSorted(([left], [right]) => (left < right ? -1 : 1));
  return {
    ...plain,
    components: {
      ...plain.components,
      schemas: { ...Object.fromEntries(sorted), Json: { description: 'Any JSON value.' } },
    },
  };
}
