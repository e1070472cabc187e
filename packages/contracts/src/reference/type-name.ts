import { z } from 'zod';

/** Schemas that many events share, by the name under which the reference tells of them once. */
export type NamedSchemas = Readonly<Record<string, z.ZodType>>;

/** What a reader needs to know of a type, in a few characters: `string`, `integer ≥ 0`, `"a" | "b"`, `call[]`. */
export function typeName(schema: z.core.$ZodType, named: NamedSchemas): string {
  const name = nameOf(schema, named);
  if (name !== undefined) return `[${name}](#${name})`;
  if (schema instanceof z.ZodOptional) return typeName(schema.unwrap(), named);
  if (schema instanceof z.ZodNullable) return `${typeName(schema.unwrap(), named)} \\| null`;
  if (schema instanceof z.ZodDefault) return typeName(schema.unwrap(), named);
  if (schema instanceof z.ZodArray) {
    const element = typeName(schema.element, named);
    return element.includes(' ') ? `(${element})[]` : `${element}[]`;
  }
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${String(option)}\``).join(' \\| ');
  if (schema instanceof z.ZodLiteral) return [...schema.values].map((value) => `\`${String(value)}\``).join(' \\| ');
  if (schema instanceof z.ZodNumber) return numberName(schema);
  if (schema instanceof z.ZodString) return 'string';
  if (schema instanceof z.ZodStringFormat) return schema.format === 'uuid' ? 'UUID' : 'string';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodRecord) return `map of ${typeName(schema.valueType, named)}`;
  if (schema instanceof z.ZodUnion) {
    return schema.options.map((option) => typeName(option, named)).join(' \\| ');
  }
  if (schema instanceof z.ZodObject) return 'object';
  throw new TypeError(`the reference has no word for a ${schema._zod.def.type}`);
}

function numberName(schema: z.ZodNumber): string {
  const { isInt, minValue } = schema;
  if (!isInt) return 'number';
  // `int()` alone bounds by what a double can count, which is no news.
  if (minValue === null || minValue <= Number.MIN_SAFE_INTEGER) return 'integer';
  // `positive()` is kept as "more than 0".
  return `integer ≥ ${schema.safeParse(minValue).success ? minValue : minValue + 1}`;
}

/** `.describe()` makes another schema of the same definition. */
const nameOf = (schema: z.core.$ZodType, named: NamedSchemas): string | undefined =>
  Object.keys(named).find((name) => named[name]?._zod.def === schema._zod.def);

/** The nearest description: the schema's own, or that of what it wraps. */
export function descriptionOf(schema: z.core.$ZodType): string {
  const own = z.globalRegistry.get(schema)?.description;
  if (own !== undefined) return own;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return descriptionOf(schema.unwrap());
  }
  return schema instanceof z.ZodArray ? descriptionOf(schema.element) : '';
}
