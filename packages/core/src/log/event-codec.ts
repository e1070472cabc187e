import { EVENT_FORMAT, eventData, type EventType, type RunEvent } from '@holdfast/contracts';
import type { RunRef } from '../tenant-scope.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { ArtifactDamaged, type ArtifactStore } from './artifact-store.ts';
import type { StoredEvent } from './stored-event.ts';

/** Payloads above this many bytes go to the object store before the append; the event carries a reference. */
export const INLINE_BYTES = 64 * 1024;

/** What stands in the payload of an event whose facts were too large for the row. */
interface Reference {
  readonly payload_ref: { readonly digest: string; readonly size: number; readonly preview: string };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The event as the database keeps it. A large payload is durable in the object store when this returns.
 * @throws UnreadableEvent for facts that nobody could read again: a rule or an adapter let them through.
 */
export async function encodeEvent(
  artifacts: Pick<ArtifactStore, 'put'>,
  ref: RunRef,
  event: RunEvent,
  appendId: string | null,
): Promise<StoredEvent> {
  const fits = eventData[event.type].safeParse(event.data);
  if (!fits.success) throw new UnreadableEvent(event, fits.error.message);
  const text = JSON.stringify(event.data);
  // One UTF-16 unit is at most three bytes, so short texts need no counting.
  const bytes = text.length * 3 <= INLINE_BYTES ? null : encoder.encode(text);
  let payload = text;
  if (bytes !== null && bytes.length > INLINE_BYTES) {
    const digest = bytesToHex(sha256(bytes));
    await artifacts.put(ref, digest, bytes);
    const reference: Reference = { payload_ref: { digest, size: bytes.length, preview: text.slice(0, 1_000) } };
    payload = JSON.stringify(reference);
  }
  return {
    seq: event.seq,
    type: event.type,
    format: EVENT_FORMAT,
    at: event.at,
    call: 'call' in event.data ? event.data.call : null,
    ...settled(event),
    appendId,
    payload,
  };
}

function settled({ data }: RunEvent): Pick<StoredEvent, 'model' | 'tokens' | 'costUsdMicros'> {
  const charge = 'charge' in data ? data.charge : null;
  if (charge === null) return { model: null, tokens: null, costUsdMicros: null };
  return { model: charge.model, tokens: charge.tokens, costUsdMicros: charge.cost_usd_micros };
}

/**
 * The facts of a stored event as JSON, fetched from the object store where they are kept there.
 * @throws CorruptEvent when the text is no JSON, or its file is gone.
 */
export async function readPayload(
  artifacts: Pick<ArtifactStore, 'get'>,
  ref: RunRef,
  stored: StoredEvent,
): Promise<unknown> {
  const payload = parse(stored, stored.payload);
  if (!isReference(payload)) return payload;
  const bytes = await artifacts.get(ref, payload.payload_ref.digest).catch((error: unknown) => {
    if (error instanceof ArtifactDamaged) throw new CorruptEvent(stored, error.message);
    throw error;
  });
  if (bytes === null) throw new CorruptEvent(stored, `its file ${payload.payload_ref.digest} is gone`);
  return parse(stored, decoder.decode(bytes));
}

/** The digest of the file that holds a stored payload; null when the text itself is the payload. */
export function payloadDigest(payload: string): string | null {
  if (!payload.startsWith('{"payload_ref":')) return null;
  const parsed: unknown = JSON.parse(payload);
  return isReference(parsed) ? parsed.payload_ref.digest : null;
}

/**
 * The event as the rules know it.
 * @throws NewerEvent when a newer release wrote it; CorruptEvent when its type or facts are not those of any known event.
 */
export async function decodeEvent(
  artifacts: Pick<ArtifactStore, 'get'>,
  ref: RunRef,
  stored: StoredEvent,
): Promise<RunEvent> {
  // Its facts may fit a schema of ours and mean something else.
  if (stored.format > EVENT_FORMAT) throw new NewerEvent(ref, stored);
  if (!Object.hasOwn(eventData, stored.type)) throw new CorruptEvent(stored, 'no such type is known');
  const type = stored.type as EventType;
  const data = eventData[type].safeParse(await readPayload(artifacts, ref, stored));
  if (!data.success) throw new CorruptEvent(stored, data.error.message);
  return { type, data: data.data, seq: stored.seq, at: stored.at } as RunEvent;
}

function parse(stored: StoredEvent, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CorruptEvent(stored, 'its payload is not JSON');
  }
}

function isReference(payload: unknown): payload is Reference {
  return typeof payload === 'object' && payload !== null && 'payload_ref' in payload;
}

export class CorruptEvent extends Error {
  override readonly name = 'CorruptEvent';
  readonly code = 'event_corrupt';
  readonly seq: number;
  constructor(stored: StoredEvent, why: string) {
    super(`event ${stored.seq} (${stored.type}, format ${stored.format}) cannot be read: ${why}`);
    this.seq = stored.seq;
  }
}

/** Nothing is wrong with the log: another process can read it. So it is no problem of the run, as a corrupt event is. */
export class NewerEvent extends Error {
  override readonly name = 'NewerEvent';
  readonly code = 'newer_release';
  constructor({ run }: RunRef, { seq, type, format }: StoredEvent) {
    super(
      `Event ${seq} (${type}) of the run ${run} has the format ${format}, which a newer release wrote; this one reads formats up to ${EVENT_FORMAT}. Ask a process of the newer release.`,
    );
  }
}

export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
  readonly code = 'event_unreadable';
  constructor(event: RunEvent, why: string) {
    super(`event ${event.seq} (${event.type}) must not be written: ${why}`);
  }
}
