import type { Json, JsonObject } from '@holdfast/contracts';

/** Values of one schema after all references were put in place. */
const MOST_VALUES = 5_000;
/** Of no use to a model, or only to tools that make documentation. */
const dropped = new Set([
  'example',
  'examples',
  'externalDocs',
  'xml',
  'discriminator',
  'deprecated',
  '$schema',
  '$id',
]);

export class SchemaUnfit extends Error {
  override readonly name = 'SchemaUnfit';
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A schema of an OpenAPI document without references, as JSON Schema 2020-12. A reference within itself becomes `{}`,
 * which takes everything. @throws SchemaUnfit when a reference leads nowhere or out of the document, or it grows too large.
 */
export function inlineSchema(document: JsonObject, schema: Json): JsonObject {
  let left = MOST_VALUES;
  const inline = (value: Json, open: readonly string[]): Json => {
    left -= 1;
    if (left < 0)
      throw new SchemaUnfit(`a schema has more than ${MOST_VALUES} values when its references are resolved`);
    if (Array.isArray(value)) return value.map((item) => inline(item, open));
    if (!isObject(value)) return value;
    const { $ref: reference } = value;
    if (typeof reference !== 'string')
      return modern(
        Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => !dropped.has(key))
            .map(([key, inner]) => [key, key === 'properties' ? properties(inner, open) : inline(inner, open)]),
        ),
      );
    return open.includes(reference) ? {} : inline(lookUp(document, reference), [...open, reference]);
  };
  /** Here keys are names of the server's, such as `example`. */
  const properties = (value: Json, open: readonly string[]): Json =>
    isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inline(inner, open)])) : {};
  const result = inline(schema, []);
  return isObject(result) ? result : {};
}

/** What `#/…` names. @throws SchemaUnfit. */
export function lookUp(document: JsonObject, reference: string): Json {
  if (!reference.startsWith('#/'))
    throw new SchemaUnfit(`the reference ${reference} leads out of the document: put everything into one`);
  let found: Json | undefined = document;
  for (const key of reference.slice(2).split('/')) {
    const name = decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  if (found === undefined) throw new SchemaUnfit(`the reference ${reference} leads nowhere`);
  return found;
}

/** What OpenAPI 3.0 says in words of its own. */
function modern(schema: JsonObject): JsonObject {
  const { nullable, ...rest } = schema;
  const result: JsonObject = { ...rest };
  if (nullable === true && typeof rest['type'] === 'string') {
    result['type'] = [rest['type'], 'null'];
    if (Array.isArray(rest['enum']) && !rest['enum'].includes(null)) result['enum'] = [...rest['enum'], null];
  }
  for (const [exclusive, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof rest[exclusive] !== 'boolean') continue;
    delete result[exclusive];
    const limit = rest[bound];
    if (rest[exclusive] !== true || limit === undefined) continue;
    result[exclusive] = limit;
    delete result[bound];
  }
  return result;
}
