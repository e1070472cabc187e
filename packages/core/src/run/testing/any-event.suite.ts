import { eventData, eventTypes, type EventBody, type EventType, type Json } from '@holdfast/contracts';
import fc from 'fast-check';
import { z } from 'zod';

/** Calls that a test run really has, beside ones that it never had, so that some events fit. */
const calls = ['m1', 'm2', '3.0', '5.0', '5.1', '5.2', '5.3', '99.0'];

/** Any facts that the event's schema allows. */
export const anyEvent = (type: EventType): fc.Arbitrary<EventBody> =>
  fc.record({
    type: fc.constant(type),
    data: ofSchema(z.toJSONSchema(eventData[type], { unrepresentable: 'any' })),
  }) as fc.Arbitrary<EventBody>;

/** Any event of any type. */
export const anyEvents = (): fc.Arbitrary<EventBody> => fc.oneof(...eventTypes.map(anyEvent));

interface Schema {
  readonly type?: string;
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly $ref?: string;
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'NUL \u0000', 'half \ud83d', '👍'),
);

function ofSchema(given: unknown, name = ''): fc.Arbitrary<unknown> {
  const schema = given as Schema;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  // `z.json()` is a reference to itself.
  if (schema.$ref !== undefined || (options !== undefined && options.length > 5)) return anyJson;
  if (options !== undefined) return fc.oneof(...options.map((option) => ofSchema(option, name)));
  switch (schema.type) {
    case 'string':
      return ofText(schema, name);
    case 'integer':
    case 'number': {
      const min = Math.max(
        schema.minimum ?? -1_000,
        schema.exclusiveMinimum === undefined ? -1_000 : schema.exclusiveMinimum + 1,
        -1_000,
      );
      return fc.integer({ min, max: Math.min(schema.maximum ?? 10_000_000, 10_000_000) });
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(ofSchema(schema.items ?? {}, name), { maxLength: 3 });
    case 'object':
      return ofObject(schema);
    default:
      return anyJson;
  }
}

const anyJson = fc.jsonValue({ maxDepth: 2 }).map(withoutProto);

/** The codec cannot keep a key `__proto__`; calls with one never reach the log. */
function withoutProto(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProto);
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (key === '__proto__' ? [] : [[key, withoutProto(item)]])),
  );
}

function ofText(schema: Schema, name: string): fc.Arbitrary<string> {
  if (name === 'call') return fc.constantFrom(...calls);
  if (schema.format === 'uuid') return fc.uuid();
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
  return anyText.map((value) => value.slice(0, schema.maxLength ?? 100));
}

function ofObject(schema: Schema): fc.Arbitrary<unknown> {
  const { properties, additionalProperties } = schema;
  if (properties === undefined)
    return fc
      .dictionary(anyText, typeof additionalProperties === 'object' ? ofSchema(additionalProperties) : anyJson, {
        maxKeys: 3,
      })
      .map(withoutProto);
  const fields = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, ofSchema(field, name)]));
  return fc.record(fields, { requiredKeys: [...(schema.required ?? [])] });
}
