import type { Json, JsonObject } from '@holdfast/contracts';
import type { Operation, Parameter } from './operation.ts';
import { namedIn, placeholder, withQuery } from './request-operation.ts';

export interface BuiltRequest {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The arguments cannot be sent; the model is told why. */
export class ArgumentsUnfit extends Error {
  override readonly name = 'ArgumentsUnfit';
}

const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Puts the arguments where they belong. @throws ArgumentsUnfit. */
export function buildRequest(operation: Operation, args: JsonObject): BuiltRequest {
  let { url } = operation;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const parameter of operation.parameters) {
    const value = given(args, parameter.argument);
    if (parameter.in === 'path') url = url.replaceAll(`{${parameter.name}}`, () => pathValue(parameter, value));
    else if (value === undefined || value === null) continue;
    else if (parameter.in === 'query') addToQuery(query, parameter, value);
    else headers[parameter.name.toLowerCase()] = headerText(parameter, value);
  }
  const rest = restOf(operation, args);
  if (operation.restInQuery)
    for (const [name, value] of Object.entries(rest)) {
      const parameter: Parameter = { argument: name, name, in: 'query', explode: true };
      if (value !== null) addToQuery(query, parameter, value);
    }
  const body = bodyOf(operation, args, rest);
  return {
    url: withQuery(url, query),
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
  };
}

function bodyOf({ body }: Operation, args: JsonObject, rest: JsonObject): Json | undefined {
  switch (body.type) {
    case 'none':
      return undefined;
    case 'argument':
      return given(args, body.argument);
    case 'rest':
      return rest;
    case 'template':
      return filled(body.json, args);
  }
}

function restOf({ parameters, body }: Operation, args: JsonObject): JsonObject {
  const used = new Set(parameters.map(({ argument }) => argument));
  if (body.type === 'template') for (const name of namedIn(body.json)) used.add(name);
  return Object.fromEntries(Object.entries(args).filter(([name]) => !used.has(name)));
}

/** What every object inherits was not given. */
const given = (args: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(args, name) ? args[name] : undefined;

/** Of an object, members whose argument was left out are left out. */
function filled(template: Json, args: JsonObject): Json {
  if (typeof template === 'string') {
    const name = placeholder.exec(template)?.[1];
    return name === undefined ? template : (given(args, name) ?? null);
  }
  if (Array.isArray(template)) return template.map((item) => filled(item, args));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template)
      .filter(([, value]) => {
        const name = typeof value === 'string' ? placeholder.exec(value)?.[1] : undefined;
        return name === undefined || given(args, name) !== undefined;
      })
      .map(([key, value]) => [key, filled(value, args)]),
  );
}

/** One segment: it can neither be empty nor climb (`..`), which would make another path of it. */
function pathValue(parameter: Parameter, value: Json | undefined): string {
  if (value === undefined || value === null) throw new ArgumentsUnfit(`${parameter.argument} is missing`);
  const text = textOf(value);
  if (text === '' || text === '.' || text === '..')
    throw new ArgumentsUnfit(`${parameter.argument} cannot be ${JSON.stringify(text)}: it is a part of the path`);
  return encodeURIComponent(text);
}

function addToQuery(query: URLSearchParams, { name, explode }: Parameter, value: Json): void {
  if (!Array.isArray(value) || !explode) return query.append(name, textOf(value));
  for (const item of value) query.append(name, textOf(item));
}

function headerText({ argument }: Parameter, value: Json): string {
  const text = textOf(value);
  if (!headerValue.test(text)) throw new ArgumentsUnfit(`${argument} cannot be sent in a header: ASCII on one line`);
  return text;
}

function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
