/** A request as a scripted server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | null;
}

type Step = Response | Error | ((seen: Seen) => Response);

/** A `fetch` that gives these answers in turn, and keeps what it was asked. */
export function scriptedFetch(...steps: readonly Step[]): { readonly fetch: typeof fetch; readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const rest = [...steps];
  return {
    seen,
    fetch: async (input, init) => {
      const { method = 'GET', headers, body, signal } = init ?? {};
      signal?.throwIfAborted();
      const asked: Seen = {
        method,
        url: input instanceof Request ? input.url : String(input),
        headers: new Headers(headers),
        body: typeof body === 'string' ? body : null,
      };
      seen.push(asked);
      const step = rest.shift();
      if (step === undefined) throw new Error('asked more often than scripted');
      if (step instanceof Error) throw step;
      return Promise.resolve(typeof step === 'function' ? step(asked) : step);
    },
  };
}

export const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers });

export const refusal = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): Response =>
  answer(
    status,
    { type: `/errors/${code}`, title: code, status, detail: `It is ${code}.`, code },
    { 'content-type': 'application/problem+json', 'x-request-id': 'r1', ...headers },
  );

export const noConnection = (): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });

/** An event stream of these texts, each a chunk; then it ends, or breaks off. */
export function stream(chunks: readonly string[], breaks = false): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      if (!breaks) controller.close();
    },
    pull(controller) {
      if (breaks) controller.error(new TypeError('terminated'));
    },
  });
  return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } });
}
