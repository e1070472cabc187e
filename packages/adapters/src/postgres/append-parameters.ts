import type { Append, NewRun, StoredEvent } from '@holdfast/core';
import { arrayLiteral } from './array-literal.ts';
import { InvalidAppend } from './errors.ts';
import { isUuid } from './ids.ts';

/** Between the payloads of a batch. JSON writes control characters as escapes, so no payload contains it. */
const SEPARATOR = '\x1e';

/** NUL and halves of surrogate pairs, which Postgres cannot keep in a text. JSON.stringify writes both as escapes. */
// oxlint-disable-next-line eslint/no-control-regex
const unkeepable = /[\0\p{Surrogate}]/gu;

/** Bytes that the append takes in a batch, about. */
export const sizeOf = ({ events, children }: Append): number =>
  [...events, ...children.map(({ event }) => event)].reduce((sum, event) => sum + event.payload.length + 200, 400);

/** Throws `InvalidAppend` for what must not reach a batch, where it would fail its neighbours too. */
export function checkAppend({ tenant, run, id, expected, events, projection, children }: Append): void {
  for (const value of [tenant, run, id]) if (!isUuid(value)) throw new InvalidAppend(`"${value}" is not a UUID.`);
  if (events.length === 0) throw new InvalidAppend('An append has at least one event.');
  events.forEach((event, index) => checkEvent(event, expected + index + 1));
  for (const row of projection.attention.opened) checkText(row.detail, 'the detail of an attention row');
  for (const child of children) {
    for (const value of [child.run, child.versionId, child.event.appendId])
      if (value === null || !isUuid(value)) throw new InvalidAppend(`"${value}" is not a UUID.`);
    checkEvent(child.event, 1);
  }
  for (const { subject } of projection.outbox)
    if (!isUuid(subject)) throw new InvalidAppend(`"${subject}" is not a UUID.`);
}

function checkEvent(event: StoredEvent, seq: number): void {
  if (event.seq !== seq) throw new InvalidAppend(`Event ${event.seq} stands where ${seq} was expected.`);
  for (const text of [event.type, event.call, event.model, event.payload]) {
    if (text !== null) checkText(text, `event ${seq} (${JSON.stringify(event.type)})`);
  }
}

function checkText(text: string, what: string): void {
  if (!text.isWellFormed() || text.includes('\0') || text.includes(SEPARATOR)) {
    throw new InvalidAppend(`A control character or half a surrogate pair in ${what}.`);
  }
}

/** One group of parameters: p_types … p_payloads. */
export function eventParameters(events: readonly StoredEvent[]): string[] {
  return [
    arrayLiteral(events.map((event) => event.type)),
    arrayLiteral(events.map((event) => event.format)),
    arrayLiteral(events.map((event) => event.at)),
    arrayLiteral(events.map((event) => event.call)),
    arrayLiteral(events.map((event) => event.model)),
    arrayLiteral(events.map((event) => event.tokens)),
    arrayLiteral(events.map((event) => event.costUsdMicros)),
    events.map((event) => event.payload).join(SEPARATOR),
  ];
}

/** Parameters of `holdfast.append`, in its order. */
export function batchParameters(batch: readonly Append[]): (string | null)[] {
  return [
    arrayLiteral(batch.map((append) => append.tenant)),
    arrayLiteral(batch.map((append) => append.run)),
    arrayLiteral(batch.map((append) => append.id)),
    arrayLiteral(batch.map((append) => append.expected)),
    arrayLiteral(batch.map((append) => append.worker)),
    arrayLiteral(batch.map((append) => append.take?.type ?? null)),
    arrayLiteral(batch.map((append) => (append.take?.type === 'take-over' ? append.take.from : null))),
    arrayLiteral(batch.map((append) => append.release)),
    arrayLiteral(batch.map((append) => append.projection.status)),
    arrayLiteral(batch.map((append) => JSON.stringify(append.projection.waitingFor))),
    arrayLiteral(batch.map((append) => append.projection.dueAt)),
    arrayLiteral(batch.flatMap(({ events }, index) => events.map(() => index + 1))),
    ...eventParameters(batch.flatMap(({ events }) => events)),
    extras(batch),
  ];
}

/** As `append_children` reads it. */
const childRow = ({ run, agent, versionId, version, attributes, metadata, event, projection }: NewRun) => ({
  run,
  agent,
  version_id: versionId,
  version,
  agent_limit: attributes.agentConcurrency,
  model: attributes.model,
  call: attributes.parent?.call ?? null,
  metadata: JSON.stringify(metadata),
  id: event.appendId,
  status: projection.status,
  waiting: JSON.stringify(projection.waitingFor),
  due: projection.dueAt,
  type: event.type,
  format: event.format,
  at: event.at,
  payload: event.payload,
});

const keepable = (text: string): string => text.replace(unkeepable, '\uFFFD');

/** What an append brings beside its events, as JSON, or null when there is none, which is the rule. */
export function extras(appends: readonly Pick<Append, 'projection' | 'children'>[]): string | null {
  const items = appends.flatMap(({ projection: { attention, artifacts, outbox, limits }, children }, index) =>
    attention.opened.length + attention.closed.length + artifacts.length + outbox.length + children.length === 0 &&
    limits === null
      ? []
      : [
          {
            item: index + 1,
            opened: attention.opened,
            closed: attention.closed,
            // What a model or a tool made up must not make its run stuck.
            artifacts: artifacts.map((row) => ({
              ...row,
              name: keepable(row.name ?? ''),
              mediaType: keepable(row.mediaType),
            })),
            outbox,
            limits: limits === null ? null : JSON.stringify(limits),
            children: children.map(childRow),
          },
        ],
  );
  return items.length === 0 ? null : JSON.stringify(items);
}

declare global {
  interface String {
    /** ES2024, in Node since 20. */
    isWellFormed(): boolean;
  }
}
