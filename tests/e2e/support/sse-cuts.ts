import { request } from 'node:http';
import { createParser } from 'eventsource-parser';
import { expect } from 'vitest';
import { seeded } from './random.ts';
import { scribe, type TestServer } from './server.ts';

interface Piece {
  readonly ids: readonly number[];
  readonly ended: boolean;
}

/**
 * Follows runs while they go on, cutting the connection at random moments (after some bytes, or some ms), resuming by
 * Last-Event-ID: every event once, in order.
 */
export async function cutAndResume(server: TestServer, cuts: number, steps: number): Promise<void> {
  const random = seeded();
  console.log(`${cuts} cuts, seed ${random.seed}`);
  const { key } = await server.tenant(`sse-${random.seed}`);
  await server.ask(key, 'POST', '/v1/agents', scribe('scribe', steps));
  let made = 0;
  let live = 0;
  while (made < cuts) {
    const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
    // Later passes over the same run are over a finished log, which is quicker to cut.
    for (let pass = 0; pass < 5 && made < cuts; pass += 1) {
      const seen: number[] = [];
      for (let ended = false; !ended;) {
        const after = seen.at(-1) ?? 0;
        const cut = made < cuts ? cutAt(random.next) : null;
        const piece = await follow(server, key, run, after, cut);
        seen.push(...piece.ids);
        ended = piece.ended;
        if (!ended) made += 1;
        if (!ended && pass === 0) live += 1;
      }
      const { json } = await server.ask(key, 'GET', `/v1/runs/${run}`);
      expect(json['status']).toBe('succeeded');
      expect(seen).toEqual(Array.from({ length: Number(json['head']) }, (_, index) => index + 1));
    }
  }
  console.log(`${made} cuts made, ${live} of them while the run went on`);
  expect(live).toBeGreaterThan(0);
}

type Cut = { readonly bytes: number } | { readonly ms: number };

const cutAt = (next: () => number): Cut =>
  next() < 0.7 ? { bytes: Math.ceil(next() * 6_000) } : { ms: Math.ceil(next() * 30) };

/** Events that arrived whole before the cut; `ended` when the server ended the stream by itself. */
export function follow(server: TestServer, key: string, run: string, after: number, cut: Cut | null): Promise<Piece> {
  return new Promise((resolve, reject) => {
    const ids: number[] = [];
    let left = cut !== null && 'bytes' in cut ? cut.bytes : Number.POSITIVE_INFINITY;
    let timer: NodeJS.Timeout | undefined;
    const done = (ended: boolean): void => {
      clearTimeout(timer);
      asked.destroy();
      resolve({ ids, ended });
    };
    const parser = createParser({
      onEvent: ({ id, event }) => {
        if (event === 'cut' || event === 'reset') return reject(new Error(`the server sent ${event}`));
        ids.push(Number(id));
      },
    });
    const headers = {
      authorization: `Bearer ${key}`,
      accept: 'text/event-stream',
      ...(after > 0 ? { 'last-event-id': String(after) } : {}),
    };
    const asked = request(`${server.url}/v1/runs/${run}/events`, { headers }, (response) => {
      if (response.statusCode === 204) return done(true);
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        parser.feed(text.slice(0, left));
        left -= text.length;
        if (left <= 0) done(false);
      });
      response.on('end', () => done(true));
      response.on('error', () => undefined);
    });
    asked.on('error', (error) => (asked.destroyed ? undefined : reject(error)));
    if (cut !== null && 'ms' in cut) timer = setTimeout(() => done(false), cut.ms);
    asked.end();
  });
}
