import { describe, expect, it } from 'vitest';
import { RunFailed } from '../errors.ts';
import { Holdfast } from '../holdfast.ts';
import { answer, noConnection, refusal, scriptedFetch, stream } from '../testing/scripted-fetch.ts';

const run_id = '019a0000-0000-7000-8000-000000000000';
const event = (seq: number, type = 'run.admitted'): string =>
  `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ run_id, seq, type, format: 1, at: '2026-01-01T00:00:00.000Z', data: {} })}\n\n`;
const delta = (text: string): string =>
  `event: delta\ndata: ${JSON.stringify({ run_id, call: 'm1', attempt: 1, seq: 2, position: 0, text })}\n\n`;

const client = (given: typeof fetch) => new Holdfast({ url: 'http://holdfast.test', key: 'k', fetch: given });

async function numbers(events: AsyncIterable<{ seq: number }>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { seq } of events) seen.push(seq);
  return seen;
}

describe('the events of a run', () => {
  it('go on where the stream was cut, and end with the run', async () => {
    const { fetch, seen } = scriptedFetch(
      stream([event(1), event(2).slice(0, 20)], true),
      noConnection(),
      refusal(503, 'database_unavailable'),
      stream([event(2), 'event: cut\ndata: {"reason":"closing"}\n\n']),
      stream([': hb\n\n', event(3, 'run.succeeded'), event(4, 'tool.resolved')]),
    );
    expect(await numbers(client(fetch).runs.events('r'))).toEqual([1, 2, 3]);
    expect(seen.map(({ headers }) => headers.get('last-event-id'))).toEqual(['0', '1', '1', '1', '2']);
  });

  it('begin after a number; 204 says that none will come', async () => {
    const { fetch, seen } = scriptedFetch(answer(204, undefined));
    expect(await numbers(client(fetch).runs.events('r', { after: 7 }))).toEqual([]);
    expect(seen[0]?.headers.get('last-event-id')).toBe('7');
  });

  it('are told anew when the database went back', async () => {
    const { fetch, seen } = scriptedFetch(
      stream(['id: 0\nevent: reset\ndata: {"head":1}\n\n', event(1)], true),
      stream([event(2, 'run.failed')]),
    );
    expect(await numbers(client(fetch).runs.events('r', { after: 9 }))).toEqual([1, 2]);
    expect(seen[1]?.headers.get('last-event-id')).toBe('1');
  });

  it('come with the words of the model, in order, when they are wanted', async () => {
    const { fetch, seen } = scriptedFetch(
      stream([event(1), delta('Hel'), delta('lo'), event(2, 'model.answered'), event(3, 'run.succeeded')]),
    );
    const told: string[] = [];
    for await (const { type } of client(fetch).runs.events('r', { deltas: ({ text }) => told.push(text) }))
      told.push(type);
    expect(told).toEqual(['run.admitted', 'Hel', 'lo', 'model.answered', 'run.succeeded']);
    expect(new URL(seen[0]?.url ?? '').search).toBe('?deltas=true');
  });

  it('may have types that this release does not know', async () => {
    const { fetch } = scriptedFetch(stream([event(1, 'moon.rose'), event(2, 'run.succeeded')]));
    expect(await numbers(client(fetch).runs.events('r'))).toEqual([1, 2]);
  });

  it.each([
    [401, 'unauthenticated'],
    [404, 'run_not_found'],
  ])('end with an error at %i, which waiting does not mend', async (status, code) => {
    const { fetch } = scriptedFetch(refusal(status, code));
    await expect(numbers(client(fetch).runs.events('r'))).rejects.toMatchObject({ code });
  });

  it('end with an error when a message cannot be read', async () => {
    const { fetch } = scriptedFetch(stream(['id: 1\nevent: run.created\ndata: {"seq":"one"}\n\n']));
    await expect(numbers(client(fetch).runs.events('r'))).rejects.toMatchObject({ code: 'unexpected_answer' });
  });

  it('end when the signal aborts, while they wait too', async () => {
    const abort = new AbortController();
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => abort.signal.addEventListener('abort', () => controller.error(abort.signal.reason)),
    });
    const { fetch } = scriptedFetch(new Response(silent));
    const read = numbers(client(fetch).runs.events('r', { signal: abort.signal }));
    abort.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
  });

  it('let go of the connection when their reader leaves', async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(event(1))),
      cancel: () => {
        cancelled = true;
      },
    });
    const { fetch } = scriptedFetch(new Response(endless));
    for await (const _event of client(fetch).runs.events('r')) break;
    expect(cancelled).toBe(true);
  });
});

describe('the result of a run', () => {
  const run = (status: string, rest: object = {}) =>
    answer(200, { id: 'r', status, head: 2, output: null, output_value: null, error: null, ...rest });

  it('is waited for', async () => {
    const output = [{ type: 'text', text: 'forty-two' }];
    const { fetch, seen } = scriptedFetch(
      run('running'),
      stream([event(3, 'run.succeeded')]),
      run('succeeded', { output, output_value: 42 }),
    );
    expect(await client(fetch).runs.result('r')).toMatchObject({ text: 'forty-two', value: 42, output });
    expect(seen[1]?.headers.get('last-event-id')).toBe('2');
  });

  it.each([
    ['failed', { code: 'model_failed', detail: 'no' }, 'model_failed'],
    ['cancelled', null, 'cancelled'],
  ])('of a run that %s is an error with its code', async (status, error, code) => {
    const { fetch } = scriptedFetch(run(status, { error }));
    const failure = await client(fetch)
      .runs.result('r')
      .catch((caught: unknown) => caught);
    expect(failure).toBeInstanceOf(RunFailed);
    expect(failure).toMatchObject({ code, run: { status } });
  });
});
