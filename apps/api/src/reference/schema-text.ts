import { html, Html } from './html.ts';

/** The part of JSON Schema that our document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly description?: string;
}

/** A schema as a reader of code would write the type, names linked to where they are told of. */
export function schemaText(schema: Schema, indent = 0): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`${JSON.stringify(schema.const)}`;
  if (schema.enum !== undefined) return html`${schema.enum.map((value) => JSON.stringify(value)).join(' | ')}`;
  const options = schema.oneOf ?? schema.anyOf;
  if (options !== undefined) return joined(options.map((option) => schemaText(option, indent)));
  if (schema.type === 'array') return html`list of ${schemaText(schema.items ?? {}, indent)}`;
  if (schema.type === 'object') return objectText(schema, indent);
  const { type = 'any', format } = schema;
  return html`${format ?? (typeof type === 'string' ? type : type.join(' | '))}${bounds(schema)}`;
}

const joined = (options: readonly Html[]): Html => new Html(options.map(({ text }) => text).join(' | '));

function objectText(schema: Schema, indent: number): Html {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) {
    const values = schema.additionalProperties;
    return typeof values === 'object' ? html`map of ${schemaText(values, indent)}` : html`{}`;
  }
  const space = '  '.repeat(indent + 1);
  const lines = fields.map(([name, field]) => {
    const mark = schema.required?.includes(name) === true ? '' : '?';
    const fallback = field.default === undefined ? '' : ` = ${JSON.stringify(field.default)}`;
    const note = field.description === undefined ? '' : html`  <i>${field.description}</i>`;
    return html`${space}<b>${name}</b>${mark}: ${schemaText(field, indent + 1)}${fallback}${note}\n`;
  });
  return html`{\n${lines}${'  '.repeat(indent)}}`;
}

function bounds({ minimum, exclusiveMinimum, maximum, maxLength, pattern, type }: Schema): string {
  const least = minimum ?? (type === 'integer' && exclusiveMinimum === 0 ? 1 : exclusiveMinimum);
  const parts = [
    ...(least === undefined ? [] : [`${exclusiveMinimum === undefined || type === 'integer' ? '≥' : '>'} ${least}`]),
    ...(maximum === undefined ? [] : [`≤ ${maximum}`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(pattern === undefined ? [] : [`/${pattern}/`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
