import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Outbound } from '@holdfast/core';
import { z } from 'zod';
import { KEY_META } from './tool-session.ts';

/** Bytes of one answer. */
const MAX_BYTES = 32 * 1024 * 1024;

export interface HttpFetchOptions {
  readonly fetch: Outbound['fetch'];
  /** Those of the server's registration, secrets filled in; asked for each request. Throws `NotSent`. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** The answer to the call with this key came to an end, whole or not. */
  readonly ended: (key: string) => void;
}

/**
 * The guarded way out as the SDK's transport wants it. A redirected POST is not sent again. The server's own stream of
 * notices is not opened: it would be a connection for each session that hardly ever says anything. A GET that takes up
 * a broken answer is let through.
 */
export function httpFetch({ fetch, headers, ended }: HttpFetchOptions): FetchLike {
  return async (url, init = {}) => {
    const sent = new Headers(init.headers);
    const { method = 'GET' } = init;
    if (method === 'GET' && !sent.has('last-event-id')) return new Response(null, { status: 405 });
    for (const [name, value] of Object.entries(await headers())) sent.set(name, value);
    const response = await fetch(url, { ...init, headers: sent });
    const { status, statusText, body } = response;
    if (method !== 'GET' && status >= 300 && status < 400) {
      await body?.cancel();
      throw new StreamableHTTPError(status, `HTTP ${status}, location: ${response.headers.get('location')}`);
    }
    if (body === null) return response;
    const key = keyOf(init.body);
    const watched = watch(body, () => (key === null ? undefined : ended(key)));
    return new Response(watched, { status, statusText, headers: response.headers });
  };
}

const toolCall = z.object({ params: z.object({ _meta: z.object({ [KEY_META]: z.string() }) }) });

function keyOf(body: unknown): string | null {
  if (typeof body !== 'string') return null;
  const call = toolCall.safeParse(JSON.parse(body));
  return call.success ? call.data.params._meta[KEY_META] : null;
}

/** The same bytes, up to a bound; says when they end. */
function watch(body: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let left = MAX_BYTES;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return ended();
        }
        left -= value.length;
        if (left < 0) throw new RangeError(`an answer is longer than ${MAX_BYTES} bytes`);
        controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        ended();
        await reader.cancel().catch(() => undefined);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
