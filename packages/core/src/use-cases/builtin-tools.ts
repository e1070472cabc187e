import type { BuiltinName, Effect } from '@holdfast/contracts';
import type { ListedTool } from '../executor/tools.ts';

export interface BuiltinTool extends ListedTool {
  readonly effect: Effect;
}

const object = (properties: Record<string, ListedTool['input_schema']>, required: string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** What the model is told of each builtin. The names fit every model's rule for tool names. */
export const builtinTools: Readonly<Record<BuiltinName, BuiltinTool>> = {
  wait: {
    name: 'wait',
    description: 'Waits, for seconds up to a year, or until a point in time. Give exactly one of the two.',
    input_schema: {
      type: 'object',
      properties: {
        seconds: { type: 'number', minimum: 0, maximum: 31_536_000 },
        until: { type: 'string', description: 'ISO 8601 with a zone, such as 2027-01-31T09:00:00Z' },
      },
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
    },
    effect: 'read',
  },
  ask: {
    name: 'ask',
    description: 'Asks a person and waits for the answer.',
    input_schema: object(
      {
        question: { type: 'string', minLength: 1, maxLength: 10_000 },
        schema: { type: 'object', description: 'JSON Schema that the answer must fit; any text when left out' },
      },
      ['question'],
    ),
    effect: 'read',
  },
  'artifacts.write': {
    name: 'artifacts_write',
    description: 'Saves a text as a file of this run.',
    input_schema: object(
      {
        name: { type: 'string', minLength: 1, maxLength: 255 },
        content: { type: 'string' },
        media_type: { type: 'string', maxLength: 255, description: 'text/plain when left out' },
      },
      ['name', 'content'],
    ),
    effect: 'idempotent',
  },
  'artifacts.read': {
    name: 'artifacts_read',
    description: 'Reads a file of this run by its name or digest, at most 48 KiB at once.',
    input_schema: {
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 255 },
        digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        offset: { type: 'integer', minimum: 0, description: 'bytes to skip' },
        length: { type: 'integer', minimum: 1, maximum: 49_152, description: 'bytes to read' },
      },
      additionalProperties: false,
      anyOf: [{ required: ['name'] }, { required: ['digest'] }],
    },
    effect: 'read',
  },
  'http.fetch': {
    name: 'http_fetch',
    description:
      'Reads a page or a file of the public internet with GET. A web page comes as its words, with the addresses of its links; what is no text becomes a file of this run.',
    input_schema: object(
      {
        url: { type: 'string', maxLength: 8_000, description: 'begins with http:// or https://' },
        raw: { type: 'boolean', description: 'true: a web page comes as its HTML' },
      },
      ['url'],
    ),
    effect: 'read',
  },
};
