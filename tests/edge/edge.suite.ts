import { createHash, randomUUID } from 'node:crypto';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { describe, expect, test } from 'vitest';
import { scribe } from '../e2e/support/server.ts';
import { raw } from './support/raw.ts';

export interface Edge {
  /** Where it publishes. */
  readonly url: string;
  /** An API key of a tenant, of an admin, and of workers that carry its runs. */
  readonly key: string;
}

/** More than any edge here takes in a body. */
const TOO_MUCH = 3 * 1024 * 1024;
/** Until an edge says that it is too much, whatever its burst. */
const FLOOD = 20_000;

const asker = (name: string) => ({
  ...scribe(name, 1),
  rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'done' }],
});

/**
 * What any edge in front of Holdfast does, seen from outside of it. The API behind it believes this edge alone
 * (TRUSTED_PROXIES), and counts requests (RATE_LIMITS); whoever runs this is not among the trusted addresses, or is told
 * apart from them by the edge.
 */
export function edgeSuite(edge: () => Edge): void {
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(`${edge().url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${edge().key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const got = (path: string, headers?: Record<string, string>) => raw(edge().url, 'GET', path, headers);

  test('an event reaches its reader before the next one is written', async () => {
    const name = `edge-${randomUUID().slice(0, 8)}`;
    expect((await ask('POST', '/v1/agents', asker(name))).status).toBe(201);
    const started = await ask('POST', '/v1/runs', { agent: name });
    const { id: run } = (await started.json()) as { id: string };
    const stream = await ask('GET', `/v1/runs/${run}/events`, undefined, { accept: 'text/event-stream' });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const seen: string[] = [];
    let answered = false;
    if (stream.body === null) throw new Error('no stream');
    const events = stream.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { event = '' } of events) {
      seen.push(event);
      // The run waits for this answer: without the event here, nothing would come after it.
      if (event !== 'question.asked') continue;
      const { items } = (await (await ask('GET', `/v1/attention?run=${run}`)).json()) as { items: { ref: string }[] };
      const decision = await ask('POST', `/v1/runs/${run}/attention/${items[0]?.ref}`, {
        decision: 'answer',
        answer: 'x',
      });
      expect(decision.status).toBeLessThan(300);
      answered = true;
    }
    expect([answered, seen.at(-1)]).toEqual([true, 'run.succeeded']);
  });

  describe('a body that is too large is refused', () => {
    const headers = () => ({ authorization: `Bearer ${edge().key}`, 'content-type': 'application/json' });
    const piece = `"${'x'.repeat(64 * 1024)}",`;

    test('when it says how large it is', async () => {
      const size = { ...headers(), 'content-length': String(TOO_MUCH) };
      expect((await raw(edge().url, 'POST', '/v1/agents', size, ['x'.repeat(TOO_MUCH)])).status).toBe(413);
    });

    test('when it comes in pieces', async () => {
      const pieces = Array.from({ length: TOO_MUCH / piece.length }, () => piece);
      expect((await raw(edge().url, 'POST', '/v1/agents', headers(), pieces)).status).toBe(413);
    });
  });

  test('a file is no such body: it passes, with or without its size, of those who say who they are', async () => {
    const bytes = Buffer.alloc(TOO_MUCH, 'hold');
    const digest = createHash('sha256').update(bytes).digest('hex');
    const opened = await ask('POST', '/v1/uploads', { name: 'a.bin', size: bytes.length, digest });
    expect(opened.status).toBe(201);
    const { id } = (await opened.json()) as { id: string };
    const path = `/v1/uploads/${id}/content`;
    const kind = { 'content-type': 'application/octet-stream' };
    const headers = { ...kind, authorization: `Bearer ${edge().key}` };
    const size = { 'content-length': String(bytes.length) };
    const pieces = ['hold'.repeat(TOO_MUCH / 16), 'hold'.repeat((TOO_MUCH * 3) / 16)];
    expect((await raw(edge().url, 'PUT', path, kind)).status).toBe(401);
    expect((await raw(edge().url, 'PUT', path, { ...headers, ...size }, pieces)).status).toBe(204);
    expect((await raw(edge().url, 'PUT', path, headers, pieces)).status).toBe(204);
    const completed = await ask('POST', `/v1/uploads/${id}/complete`);
    expect([completed.status, await completed.json()]).toMatchObject([200, { state: 'complete', size: TOO_MUCH }]);
  });

  describe('who asks', () => {
    test('must say who they are', async () => {
      for (const [method, path] of [
        ['GET', '/v1/runs'],
        ['POST', '/v1/runs'],
        ['GET', '/t/acme/v1/runs'],
        ['DELETE', '/v1/agents/x'],
      ] as const)
        expect([method, path, (await raw(edge().url, method, path)).status]).toEqual([method, path, 401]);
      const answer = await got('/v1/runs');
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'unauthenticated', status: 401 });
    });

    test('is refused with what is no credential of theirs', async () => {
      const forged = `${Buffer.from('{"alg":"RS256","kid":"x"}').toString('base64url')}.e30.e30`;
      for (const authorization of [`Bearer ${edge().key.slice(0, -4)}0000`, `Bearer ${forged}`, 'Basic YTpi', 'Bearer'])
        expect([authorization, (await got('/v1/runs', { authorization })).status]).toEqual([authorization, 401]);
      const cookie = `holdfast_session=${randomUUID()}; __Host-holdfast_session=${randomUUID()}`;
      expect((await got('/v1/runs', { cookie })).status).toBe(401);
    });

    test('is let in with a key, by every way to the API', async () => {
      expect((await ask('GET', '/v1/me')).status).toBe(200);
      const { tenant } = (await (await ask('GET', '/v1/me')).json()) as { tenant: string };
      expect((await ask('GET', `/t/${tenant}/v1/me`)).status).toBe(200);
    });
  });

  test('what is open needs no credentials', async () => {
    for (const path of ['/openapi.json', '/reference', '/errors/unauthenticated', '/v1/login-options', '/auth/session'])
      expect([path, (await got(path)).status]).toEqual([path, 200]);
    // An edge that asked for credentials here would keep every browser page out.
    const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
    expect((await raw(edge().url, 'OPTIONS', '/v1/runs', preflight)).status).not.toBe(401);
  });

  test('every answer has an id', async () => {
    const ids = await Promise.all(
      ['/v1/me', '/v1/runs', '/openapi.json'].map(async (path) => {
        const { headers } = await ask('GET', path);
        return headers.get('x-request-id');
      }),
    );
    for (const id of ids) expect(id).toMatch(/^[\w.#-]{8,64}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('what is inside stays inside, however its path is written', async () => {
    const inside = ['/metrics', '/readyz', '/healthz', '/auth/verify', '/admin', '/admin/master/console/'];
    inside.push('/realms/master', '/realms/master/protocol/openid-connect/token', '/realms/holdfast2/account');
    inside.push('/ping', '/dashboard/', '/api/rawdata', '/status', '/status/ready', '/services', '/');
    const tricks = ['/v1/../metrics', '/v1/%2e%2e/metrics', '/v1/..%2fmetrics', '//metrics', '/v1//../metrics'];
    tricks.push('/reference/../metrics', '/reference/%2e%2e/metrics', '/realms/holdfast/../master/account');
    tricks.push('/realms/holdfast/%2e%2e/master/account', '/realms/holdfast/..%2fmaster/account');
    tricks.push('/realms/holdfast/..;/master/account', '/resources/../admin/', '/resources/%2e%2e/admin/');
    tricks.push('/realms/holdfast/%252e%252e/master/account', '/METRICS', '/Admin', '/v1/;/../../metrics');
    for (const path of [...inside, ...tricks]) {
      const { status, text } = await got(path);
      // Redirects lead to paths that are tried here, too.
      expect([path, status >= 300 && status < 500]).toEqual([path, true]);
      expect([path, /process_cpu|traefik_|kong_|behind the edge/.test(text)]).toEqual([path, false]);
    }
  });

  test('nobody gets a WebSocket', async () => {
    const headers = {
      authorization: `Bearer ${edge().key}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.from(randomUUID().slice(0, 16)).toString('base64'),
    };
    for (const path of ['/v1/runs', '/v1/me', '/console'])
      expect([path, (await got(path, headers)).status]).not.toEqual([path, 101]);
  });

  test('an address that somebody gives themselves counts for nothing', async () => {
    const left = async (from: number): Promise<number> => {
      const headers = { 'x-forwarded-for': `203.0.113.${from}`, 'x-real-ip': `203.0.113.${from}` };
      const aliases = { x_forwarded_for: `203.0.113.${from}`, forwarded: `for=203.0.113.${from}` };
      const answer = await got('/v1/login-options', { ...headers, ...aliases });
      const [, remaining] = /"address\.open";r=(\d+)/.exec(String(answer.headers['ratelimit'])) ?? [];
      if (remaining === undefined) throw new Error('the API behind the edge does not count: is RATE_LIMITS off?');
      return Number(remaining);
    };
    let from = 0;
    let last = await left(from);
    // All of them are one client to the API. At the end of its window it counts anew.
    await expect
      .poll(async () => {
        const [before, now] = [last, await left((from = (from + 1) % 200))];
        last = now;
        return now < before;
      })
      .toBe(true);
  });

  // The last one: whoever has done this waits for a while.
  test('a flood is stopped before it reaches the API', async () => {
    let left = FLOOD;
    let stopped = 0;
    const some = async (): Promise<void> => {
      while (stopped === 0 && (left -= 1) > 0) {
        const answer = await fetch(`${edge().url}/v1/login-options`);
        await answer.arrayBuffer();
        // That of the API is a problem document.
        if (answer.status === 429 && answer.headers.get('content-type') !== 'application/problem+json') stopped += 1;
      }
    };
    await Promise.all(Array.from({ length: 50 }, some));
    expect(stopped).toBeGreaterThan(0);
  });
}
