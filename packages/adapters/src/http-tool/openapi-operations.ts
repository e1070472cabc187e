import { HoldfastError, type Json, type JsonObject, type ToolServerSpec } from '@holdfast/contracts';
import { inlineSchema, isObject, lookUp, SchemaUnfit } from './inline-schema.ts';
import type { Operation, Parameter } from './operation.ts';

type OpenApiSpec = Extract<ToolServerSpec, { type: 'openapi' }>;

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;
const MOST_OPERATIONS = 500;
const MOST_DESCRIPTION = 4_000;
/** Described by OpenAPI elsewhere, or HTTP's and ours: never arguments. */
const notArguments =
  /^(accept|content-type|authorization|host|content-length|transfer-encoding|connection|cookie|idempotency-key|holdfast-attempt)$/i;

/** Each operation of an OpenAPI 3 document as a tool. @throws HoldfastError `tool_invalid`. */
export function openApiOperations({ document, base_url }: OpenApiSpec): Operation[] {
  const { openapi, paths } = document;
  if (typeof openapi !== 'string' || !/^3\.[01]\b/.test(openapi))
    throw invalid(
      '/document/openapi',
      `an OpenAPI document of version 3.0 or 3.1 is needed; this is ${JSON.stringify(openapi ?? null)}`,
    );
  const base = base_url ?? firstServer(document);
  const operations: Operation[] = [];
  const names = new Set<string>();
  for (const [path, item] of Object.entries(isObject(paths) ? paths : {}))
    for (const method of methods) {
      const described = isObject(item) ? item[method] : undefined;
      if (!isObject(item) || !isObject(described)) continue;
      if (operations.length === MOST_OPERATIONS)
        throw invalid('/document/paths', `the document has more than ${MOST_OPERATIONS} operations`);
      const { operationId: id } = described;
      try {
        const name = freeName(typeof id === 'string' ? id : `${method}${path}`, names);
        operations.push(operationOf(document, { name, method, url: `${base}${path}` }, item, described));
      } catch (error) {
        if (!(error instanceof SchemaUnfit)) throw error;
        throw invalid(`/document/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}`, error.message);
      }
    }
  if (operations.length === 0) throw invalid('/document/paths', 'the document describes no operation');
  return operations;
}

function operationOf(
  document: JsonObject,
  { name, method, url }: { name: string; method: string; url: string },
  item: JsonObject,
  described: JsonObject,
): Operation {
  const properties: Record<string, JsonObject> = {};
  const required: string[] = [];
  const parameters: Parameter[] = [];
  for (const raw of parametersOf(document, item, described)) {
    const { name: theirs, in: place, schema = {}, description, explode } = raw;
    if (typeof theirs !== 'string') continue;
    const isRequired = raw['required'] === true || place === 'path';
    if (place !== 'path' && place !== 'query' && place !== 'header') {
      if (isRequired)
        throw new SchemaUnfit(`the parameter ${theirs} in ${JSON.stringify(place ?? null)} cannot be sent`);
      continue;
    }
    if (place === 'header' && notArguments.test(theirs)) continue;
    const argument = Object.hasOwn(properties, theirs) || theirs === 'body' ? `${theirs}_${place}` : theirs;
    properties[argument] = withDescription(inlineSchema(document, schema), description);
    if (isRequired) required.push(argument);
    parameters.push({ argument, name: theirs, in: place, explode: explode !== false });
  }
  for (const [, theirs = ''] of url.matchAll(/\{([^{}]+)\}/g)) {
    if (parameters.some((each) => each.in === 'path' && each.name === theirs)) continue;
    throw new SchemaUnfit(`the path names {${theirs}}, and no parameter describes it`);
  }
  const body = bodyOf(document, described);
  if (body !== null) {
    properties['body'] = body.schema;
    if (body.required) required.push('body');
  }
  const words = [described['summary'], described['description']].filter((text) => typeof text === 'string');
  return {
    name,
    description: [...new Set(words)].join('\n').slice(0, MOST_DESCRIPTION),
    input_schema: { type: 'object', properties, required, additionalProperties: false },
    method: method.toUpperCase(),
    url,
    parameters,
    body: body === null ? { type: 'none' } : { type: 'argument', argument: 'body' },
    restInQuery: false,
  };
}

/** Those of the path and of the operation, which win. */
function parametersOf(document: JsonObject, item: JsonObject, described: JsonObject): JsonObject[] {
  const found = new Map<string, JsonObject>();
  for (const raw of [item['parameters'], described['parameters']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  )) {
    const parameter = resolved(document, raw);
    found.set(JSON.stringify([parameter['in'], parameter['name']]), parameter);
  }
  return [...found.values()];
}

/** The JSON body. @throws SchemaUnfit when only other types are taken. */
function bodyOf(document: JsonObject, described: JsonObject): { schema: JsonObject; required: boolean } | null {
  if (described['requestBody'] === undefined) return null;
  const { content, required } = resolved(document, described['requestBody']);
  const types = isObject(content) ? Object.entries(content) : [];
  const json = types.find(([type]) => /^application\/(.*\+)?json\b|^\*\/\*$/.test(type))?.[1];
  if (json !== undefined)
    return {
      schema: inlineSchema(document, isObject(json) ? (json['schema'] ?? {}) : {}),
      required: required === true,
    };
  if (required === true) throw new SchemaUnfit(`the body is no JSON but ${types.map(([type]) => type).join(', ')}`);
  return null;
}

function resolved(document: JsonObject, value: Json): JsonObject {
  const target = isObject(value) && typeof value['$ref'] === 'string' ? lookUp(document, value['$ref']) : value;
  if (!isObject(target)) throw new SchemaUnfit('a parameter or body is described by something that is no object');
  return target;
}

const withDescription = (schema: JsonObject, description: Json | undefined): JsonObject =>
  typeof description === 'string' && schema['description'] === undefined ? { ...schema, description } : schema;

/** A name that every model takes, used once. */
function freeName(wanted: string, taken: Set<string>): string {
  const plain =
    wanted
      .replaceAll(/[^a-zA-Z0-9_-]+/g, '_')
      .replaceAll(/^_+|_+$/g, '')
      .slice(0, 60) || 'operation';
  let name = plain;
  for (let count = 2; taken.has(name); count += 1) name = `${plain}_${count}`;
  taken.add(name);
  return name;
}

function firstServer({ servers }: JsonObject): string {
  const server = Array.isArray(servers) ? servers[0] : undefined;
  const url = isObject(server) ? server['url'] : undefined;
  if (typeof url !== 'string' || !/^https?:\/\/[^/?#{}]+/.test(url) || url.includes('{') || !URL.canParse(url))
    throw invalid('/base_url', 'the document names no server with a whole URL: give base_url');
  return url.replace(/\/+$/, '');
}

const invalid = (path: string, message: string): HoldfastError =>
  new HoldfastError('tool_invalid', message, { errors: [{ path, message }] });
