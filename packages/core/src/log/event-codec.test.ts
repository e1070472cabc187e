import { EVENT_FORMAT, eventTypes, text, type RunEvent } from '@holdfast/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryArtifacts } from '../executor/testing/memory-runs.ts';
import { anyEvent } from '../run/testing/any-event.suite.ts';
import { RUN } from '../run/testing/simulation.suite.ts';
import { ArtifactDamaged } from './artifact-store.ts';
import { CorruptEvent, decodeEvent, encodeEvent, INLINE_BYTES, NewerEvent, readPayload } from './event-codec.ts';
import type { StoredEvent } from './stored-event.ts';

const ref = { tenant: 't', run: RUN };
const delivered = (body: object): RunEvent => ({ ...body, seq: 7, at: 1_234 }) as RunEvent;
const returned = (value: string): RunEvent =>
  delivered({ type: 'tool.returned', data: { call: '4.0', attempt: 1, content: text(value), is_error: false } });

describe('an event of any type', () => {
  it.each(eventTypes)('%s comes back as it was', async (type) => {
    const artifacts = new MemoryArtifacts();
    await fc.assert(
      fc.asyncProperty(anyEvent(type), async (body) => {
        const event = delivered(body);
        expect(await decodeEvent(artifacts, ref, await encodeEvent(artifacts, ref, event, null))).toEqual(event);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a stored event', () => {
  it('has in columns what SQL reads', async () => {
    const usage = { input_tokens: 3, output_tokens: 4 };
    const charge = { model: 'default', price_version: null, tokens: 7, cost_usd_micros: 9, estimated: false };
    const answered = {
      call: 'm1',
      attempt: 1,
      purpose: 'answer',
      content: [],
      tool_calls: [],
      usage,
      charge,
      finish_reason: '',
      model: 'm',
    };
    const artifacts = new MemoryArtifacts();
    const stored = await encodeEvent(artifacts, ref, delivered({ type: 'model.answered', data: answered }), 'id');
    expect(stored).toEqual({
      seq: 7,
      at: 1_234,
      type: 'model.answered',
      format: EVENT_FORMAT,
      call: 'm1',
      model: 'default',
      tokens: 7,
      costUsdMicros: 9,
      appendId: 'id',
      payload: JSON.stringify(answered),
    });
    const failed = { call: 'm1', attempt: 1, class: 'lost', message: '' };
    const lost = await encodeEvent(
      artifacts,
      ref,
      delivered({ type: 'model.failed', data: { ...failed, charge } }),
      null,
    );
    expect(lost).toMatchObject({ model: 'default', tokens: 7, costUsdMicros: 9, appendId: null });
    const refused = { ...failed, class: 'rate-limited', charge: null };
    const free = await encodeEvent(artifacts, ref, delivered({ type: 'model.failed', data: refused }), null);
    expect(free).toMatchObject({ model: null, tokens: null, costUsdMicros: null });
    const paused = await encodeEvent(artifacts, ref, delivered({ type: 'run.admitted', data: {} }), null);
    expect(paused).toMatchObject({ call: null, model: null, tokens: null, costUsdMicros: null });
  });

  const empty = JSON.stringify(returned('').data).length;

  it.each([
    ['exactly 64 KiB', 'x'.repeat(INLINE_BYTES - empty), false],
    ['one byte more', 'x'.repeat(INLINE_BYTES - empty + 1), true],
    ['few characters of many bytes', '語'.repeat(INLINE_BYTES / 3), true],
    ['many characters of few bytes', 'é'.repeat(INLINE_BYTES / 2 - empty), false],
  ])('of %s goes to the object store: %s', async (_, value, large) => {
    const artifacts = new MemoryArtifacts();
    const stored = await encodeEvent(artifacts, ref, returned(value), null);
    expect(artifacts.files.size).toBe(large ? 1 : 0);
    expect(stored.payload.length).toBeLessThanOrEqual(INLINE_BYTES);
    expect(stored.payload.startsWith('{"payload_ref"')).toBe(large);
    expect(await decodeEvent(artifacts, ref, stored)).toEqual(returned(value));
  });

  it('carries reference, size, digest and the beginning of a large payload', async () => {
    const artifacts = new MemoryArtifacts();
    const stored = await encodeEvent(artifacts, ref, returned('x'.repeat(INLINE_BYTES)), null);
    const [key] = artifacts.files.keys();
    const { payload_ref } = JSON.parse(stored.payload) as {
      payload_ref: { digest: string; size: number; preview: string };
    };
    expect(key).toBe(`t/${RUN}/${payload_ref.digest}`);
    expect(payload_ref.size).toBe(INLINE_BYTES + empty);
    expect(payload_ref.preview).toHaveLength(1_000);
    await expect(readPayload(artifacts, { ...ref, tenant: 'other' }, stored)).rejects.toThrow(CorruptEvent);
  });
});

describe('an event that cannot be read', () => {
  const stored = (over: Partial<StoredEvent>): StoredEvent => ({
    seq: 7,
    type: 'run.admitted',
    format: 1,
    at: 5,
    call: null,
    model: null,
    tokens: null,
    costUsdMicros: null,
    appendId: null,
    payload: '{}',
    ...over,
  });

  it.each<[string, Partial<StoredEvent>, RegExp]>([
    [
      'text that is not JSON',
      { payload: '{' },
      /event 7 \(run.admitted, format 1\) cannot be read: its payload is not JSON/,
    ],
    ['an unknown type', { type: 'run.danced' }, /no such type is known/],
    ['a type of every object', { type: 'toString' }, /no such type is known/],
    ['facts that are missing', { type: 'run.claimed' }, /worker/],
    ['facts that are too many', { payload: '{"more":1}' }, /more/],
    ['facts that are no object', { payload: 'null' }, /expected object/],
    [
      'a file that is gone',
      { payload: '{"payload_ref":{"digest":"abc","size":1,"preview":""}}' },
      /its file abc is gone/,
    ],
  ])('because of %s is corrupt', async (_, over, message) => {
    const reading = decodeEvent(new MemoryArtifacts(), ref, stored(over));
    await expect(reading).rejects.toThrow(CorruptEvent);
    await expect(decodeEvent(new MemoryArtifacts(), ref, stored(over))).rejects.toThrow(message);
  });

  it.each<[string, Partial<StoredEvent>]>([
    ['of a type that is known', {}],
    ['of a type that is not', { type: 'run.danced', payload: '{"more":1}' }],
  ])('%s in a newer format is not corrupt: a newer release wrote it', async (_, over) => {
    const reading = decodeEvent(new MemoryArtifacts(), ref, stored({ format: EVENT_FORMAT + 1, ...over }));
    await expect(reading).rejects.toThrow(NewerEvent);
    await expect(reading).rejects.toMatchObject({
      code: 'newer_release',
      message: expect.stringMatching(/^Event 7 .* has the format 2, which a newer release wrote/) as unknown,
    });
  });

  it('because its file holds something else is corrupt', async () => {
    const artifacts = new MemoryArtifacts();
    const large = await encodeEvent(artifacts, ref, returned('x'.repeat(INLINE_BYTES)), null);
    const [key] = artifacts.files.keys();
    artifacts.files.set(key ?? '', new TextEncoder().encode('{"call":'));
    await expect(decodeEvent(artifacts, ref, large)).rejects.toThrow(CorruptEvent);
  });
});

describe('what nobody could read again', () => {
  it('is not written', async () => {
    const event = {
      type: 'run.admitted',
      data: { surplus: true },
      seq: 1,
      at: 1,
    } as unknown as Parameters<typeof encodeEvent>[2];
    const artifacts = { put: () => Promise.resolve(), get: () => Promise.resolve(null) };
    await expect(encodeEvent(artifacts, { tenant: 't', run: 'r' }, event, null)).rejects.toMatchObject({
      code: 'event_unreadable',
    });
  });

  it('is a corrupt event when its file was damaged', async () => {
    const damaged = { put: () => Promise.resolve(), get: () => Promise.reject(new ArtifactDamaged('torn')) };
    const payload = JSON.stringify({ payload_ref: { digest: '0'.repeat(64), size: 9, preview: '' } });
    const stored = {
      seq: 1,
      type: 'run.admitted',
      format: 1,
      at: 1,
      call: null,
      model: null,
      tokens: null,
      costUsdMicros: null,
    };
    await expect(
      decodeEvent(damaged, { tenant: 't', run: 'r' }, { ...stored, appendId: null, payload }),
    ).rejects.toMatchObject({ code: 'event_corrupt' });
  });
});
