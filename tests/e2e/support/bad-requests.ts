import type { ErrorCode } from '@holdfast/contracts';
import type { DocumentedOperation } from './documented-operations.ts';
import { goodBodies } from './good-bodies.ts';

/** One request that must be refused, and how. */
export interface BadRequest {
  readonly what: string;
  readonly operation: DocumentedOperation;
  /** Placeholders that are left stand for what the tenant has. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: ErrorCode | RegExp;
  /** Named in `errors`. */
  readonly place?: string;
}

const id = '01920000-0000-7000-8000-000000000000';

/** Of each placeholder: what cannot be one, and what could be and is not there. */
export const placeholders: Readonly<Record<string, { readonly malformed: string; readonly unknown: string }>> = {
  run: { malformed: 'nope', unknown: id },
  thread: { malformed: 'nope', unknown: id },
  upload: { malformed: 'nope', unknown: id },
  bulk: { malformed: 'nope', unknown: id },
  schedule: { malformed: 'A', unknown: id },
  key: { malformed: 'nope', unknown: id },
  member: { malformed: 'nope', unknown: id },
  tenant: { malformed: 'nope', unknown: id },
  webhook: { malformed: 'nope', unknown: id },
  delivery: { malformed: 'nope', unknown: id },
  agent: { malformed: 'A%20b', unknown: 'nobody' },
  alias: { malformed: 'A', unknown: 'nothing' },
  number: { malformed: 'x', unknown: '99' },
  ref: { malformed: 'a%20b', unknown: 'x' },
  name: { malformed: 'A', unknown: 'nothing' },
  digest: { malformed: 'xyz', unknown: '0'.repeat(64) },
};

/** Of each query parameter. A cursor of another list is JSON too. */
const wrongQueries: Readonly<Record<string, readonly string[]>> = {
  cursor: ['%21%21', Buffer.from('["x",1,2]').toString('base64url'), Buffer.from('{').toString('base64url'), long(501)],
  limit: ['0', '-1', '1.5', 'x', '100000'],
  after: ['-1', 'x', '1.5', '99999999999'],
  status: ['x'],
  agent: ['A%20b'],
  version: ['0', 'x', '99999999999'],
  tag: [long(65)],
  thread: ['nope'],
  parent: ['nope'],
  schedule: ['nope'],
  cron: ['x', '0%209%20*%20*', '0%200%2030%202%20*', long(201)],
  time_zone: [long(101)],
  count: ['0', 'x', '1000'],
  run: ['nope'],
  state: ['x'],
  created_after: ['soon', '2026-02-30T00:00:00Z'],
  created_before: ['soon'],
  from: ['soon', '2999-01-01T00:00:00Z'],
  to: ['soon'],
  group_by: ['colour'],
  model: [long(201)],
  format: ['xml'],
  deltas: ['maybe'],
  offline: ['maybe'],
  operation: [long(101)],
  actor: [long(256)],
  target: ['runs', '/a%20b'],
  since: ['soon'],
  until: ['soon'],
  kind: ['x'],
  mine: ['maybe'],
  name: ['%00', long(256)],
  grace: ['soon', '0s', '999999999d'],
  files: ['maybe'],
};

/** Operations that make what their path names, by the placeholder. */
const made: readonly string[] = ['agents.set-alias alias', 'tools.put name', 'secrets.set name', 'budgets.set name'];

export const mayMiss = ({ id: operation }: DocumentedOperation, placeholder: string): boolean =>
  !made.includes(`${operation} ${placeholder}`);

function long(length: number): string {
  return 'x'.repeat(length);
}

/** @throws Error for a name that has no entry: whoever adds a parameter says here what is wrong. */
export function entryOf<T>(
  table: Readonly<Record<string, T>>,
  name: string,
  { id: operation }: DocumentedOperation,
): T {
  const entry = table[name];
  if (entry === undefined) throw new Error(`${operation}: say in tests/e2e/support what is good and bad for ${name}`);
  return entry;
}

/** What every operation must refuse, derived from its document. */
export const badRequests = (operation: DocumentedOperation): readonly BadRequest[] => {
  const { path, method } = operation;
  const body = operation.takes.length === 0 ? {} : { body: entryOf(goodBodies, operation.id, operation) };
  const good = { operation, path, ...body };
  return [
    ...operation.inPath.flatMap((name): BadRequest[] => {
      const { malformed, unknown } = entryOf(placeholders, name, operation);
      const at = (value: string) => ({ ...good, path: path.replace(`{${name}}`, value) });
      return [
        { ...at(malformed), what: `malformed {${name}}`, status: 400, code: 'invalid_request', place: `{${name}}` },
        { ...at('%00'), what: `U+0000 as {${name}}`, status: 400, code: 'invalid_request', place: `{${name}}` },
        ...(mayMiss(operation, name)
          ? [{ ...at(unknown), what: `unknown {${name}}`, status: 404, code: /_not_found$/ }]
          : []),
      ];
    }),
    {
      ...good,
      path: `${path}?colour=red`,
      what: 'unknown query',
      status: 400,
      code: 'invalid_request',
      place: '?colour',
    },
    ...operation.inQuery.flatMap((name) =>
      entryOf(wrongQueries, name, operation).map((value): BadRequest => ({
        ...good,
        path: `${path}?${name}=${value}`,
        what: `?${name}=${value.slice(0, 30)}`,
        status: 400,
        code: 'invalid_request',
        // A time that lies wrongly is told of at the one beside it.
        ...(/^(from|to)$/.test(name) ? {} : { place: `?${name}` }),
      })),
    ),
    ...operation.headers.flatMap((name) => badHeaders(good, name)),
    ...(method === 'GET' ? [] : operation.takes.length === 0 ? unwantedBodies(good) : badBodies(good)),
  ];
};

type Good = Pick<BadRequest, 'operation' | 'path' | 'body'>;

function badHeaders(good: Good, name: string): BadRequest[] {
  const refused = (value: string): BadRequest => ({
    ...good,
    what: `${name}: ${value.slice(0, 30)}`,
    headers: { [name]: value },
    status: 400,
    code: 'invalid_request',
  });
  switch (name) {
    case 'idempotency-key':
      return ['', long(256), 'a b', 'é'].map(refused);
    case 'if-match':
      return [
        ...['1', '"1', 'W/1', '"1", 2'].map(refused),
        { ...good, what: 'stale If-Match', headers: { [name]: '"999"' }, status: 412, code: 'etag_mismatch' },
      ];
    case 'last-event-id':
      return ['x', '-1', '99999999999'].map((value) => {
        const { headers, ...rest } = refused(value);
        return { ...rest, headers: { ...headers, accept: 'text/event-stream' } };
      });
    case 'prefer':
      // RFC 7240: what cannot be met is ignored.
      return [];
    default:
      throw new Error(`${good.operation.id}: say in tests/e2e/support what is wrong for the header ${name}`);
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** Refused before anybody looks at what they say. */
const unreadable = (good: Good): BadRequest[] => [
  { ...good, what: 'a body of over 1 MiB', body: { x: long(1_100_000) }, status: 413, code: 'payload_too_large' },
  { ...good, what: 'half of a JSON', body: '{"a":', headers: JSON_TYPE, status: 400, code: 'invalid_json' },
  { ...good, what: 'a poisoned prototype', body: '{"__proto__":{}}', status: 400, code: 'invalid_json' },
  { ...good, what: 'U+0000', body: '{"a":"\\u0000"}', status: 422, code: 'validation_failed', place: '/a' },
  { ...good, what: 'half an emoji', body: '{"a":"\\ud83d"}', status: 422, code: 'validation_failed', place: '/a' },
  ...['text/plain', 'application/x-www-form-urlencoded', 'nonsense'].map((type): BadRequest => ({
    ...good,
    what: `a body as ${type}`,
    body: '{}',
    headers: { 'content-type': type },
    status: 415,
    code: 'unsupported_media_type',
  })),
];

const unwantedBodies = (good: Good): BadRequest[] => [
  ...unreadable(good),
  { ...good, what: 'a body where none is taken', body: {}, status: 422, code: 'validation_failed' },
];

function badBodies(good: Good): BadRequest[] {
  const { takes, bodyRequired } = good.operation;
  if (takes.includes('application/octet-stream'))
    return [
      { ...good, what: 'no body', body: undefined, status: 415, code: 'unsupported_media_type' },
      { ...good, what: 'a body as JSON', body: {}, status: 415, code: 'unsupported_media_type' },
    ];
  const wrong = (what: string, body: unknown, place?: string): BadRequest => ({
    ...good,
    what,
    body,
    status: 422,
    code: 'validation_failed',
    ...(place === undefined ? {} : { place }),
  });
  const yaml = { 'content-type': 'application/yaml' };
  return [
    ...unreadable(good),
    wrong('an unknown key', { ...Object(good.body), colour: 'red' }, '/colour'),
    wrong('a list as body', []),
    wrong('a number as body', '7'),
    ...(bodyRequired ? [wrong('no body', undefined), wrong('null as body', 'null')] : []),
    takes.includes('application/yaml')
      ? { ...good, what: 'broken YAML', body: 'a: [', headers: yaml, status: 400, code: 'invalid_json' }
      : { ...good, what: 'YAML', body: 'a: 1', headers: yaml, status: 415, code: 'unsupported_media_type' },
  ];
}
