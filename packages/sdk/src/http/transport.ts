import type { z } from 'zod';
import { ConnectionFailed, HoldfastError } from '../errors.ts';
import { failureOf, jsonOr, unexpected } from './failure.ts';
import { queryText } from './path.ts';
import type { ApiRequest, JsonRequest } from './request.ts';
import { type RetryPolicy, retryIn, sleep } from './retry.ts';

/** An API key or an access token, or what gives one; asked before each attempt. Empty = none is sent. */
export type Key = string | (() => string | Promise<string>);

export interface TransportSettings {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: Key;
  /** The tenant that is chosen; null = the only one. */
  readonly tenant: string | null;
  readonly fetch: typeof fetch;
  /** Each answer is checked against its schema. */
  readonly validate: boolean;
  /** ms for one attempt, its body included. */
  readonly timeoutMs: number;
  readonly retries: RetryPolicy;
}

/** What is sent; of a function a stream for each attempt. */
export type Content = Blob | ReadableStream<Uint8Array> | (() => ReadableStream<Uint8Array>);

type Destination =
  | { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly path: string };

/** Sends requests as one key of one server, and tries again what may be tried again. */
export class Transport {
  readonly settings: TransportSettings;

  constructor(settings: TransportSettings) {
    this.settings = settings;
  }

  /** The body as it came. @throws HoldfastError, ConnectionFailed, the reason of `signal`. */
  async json<S extends z.ZodType>(request: JsonRequest<S>): Promise<z.output<S>> {
    return (await this.tagged(request)).value;
  }

  /** The body, and its ETag. */
  async tagged<S extends z.ZodType>(request: JsonRequest<S>): Promise<Tagged<z.output<S>>> {
    const { response, body: text } = await this.#read(request, (answered) => answered.text());
    const body = jsonOr(text, undefined);
    if (body === undefined) throw unexpected(request, response, 'is no JSON');
    if (this.settings.validate) {
      const checked = request.answer.safeParse(body);
      if (!checked.success) throw unexpected(request, response, `does not fit its schema: ${checked.error.message}`);
    }
    // Checked on request only: a newer server may say more than this release knows.
    return { value: body as z.output<S>, etag: response.headers.get('etag') };
  }

  async bytes(request: ApiRequest): Promise<Uint8Array> {
    const { body } = await this.#read(request, (response) => response.arrayBuffer());
    return new Uint8Array(body);
  }

  async nothing(request: ApiRequest): Promise<void> {
    let again = false;
    try {
      await this.#read(
        request,
        (response) => response.text(),
        () => (again = true),
      );
    } catch (error) {
      // An attempt before has deleted it, and its answer was lost.
      if (again && request.method === 'DELETE' && error instanceof HoldfastError && error.status === 404) return;
      throw error;
    }
  }

  /** The body as it comes. It is tried again until it begins; a body that breaks off fails with `ConnectionFailed`. */
  async stream(request: ApiRequest): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { body } = await this.#repeated(request, () => this.#begin(request));
    const told = (error: unknown): unknown =>
      request.signal?.aborted === true ? request.signal.reason : connectionFailure(this.settings.url, error);
    const reader = (body ?? new Blob([]).stream()).getReader();
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            const piece = await reader.read();
            if (piece.done) controller.close();
            else controller.enqueue(piece.value);
          } catch (error) {
            controller.error(told(error));
          }
        },
        cancel: (reason) => reader.cancel(reason),
      },
      // Nothing is asked for ahead of whoever reads.
      { highWaterMark: 0 },
    );
  }

  /** A long text in pieces, as they come. */
  async *pieces(request: ApiRequest): AsyncGenerator<string> {
    const body = await this.stream(request);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
    } finally {
      // Whoever stops early lets go of the connection.
      await reader.cancel();
    }
  }

  /** `to`: an address that lets in whoever has it and gets no key from here, or a path of the API. A stream is sent once. */
  async send(to: Destination, content: Content, size: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#repeated({ repeatable: !(content instanceof ReadableStream), signal }, () =>
      this.#send(to, typeof content === 'function' ? content() : content, size, signal),
    );
  }

  async #send(
    to: Destination,
    bytes: Blob | ReadableStream<Uint8Array>,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const url = 'url' in to ? to.url : `${this.settings.url}${to.path}`;
    const headers = 'url' in to ? to.headers : await this.#credentials();
    const init: RequestInit & { readonly duplex: 'half' } = {
      method: 'PUT',
      // For a redirect, or a page's own questions, Node's fetch would keep a second copy of all that was sent, in memory.
      redirect: 'error',
      window: null,
      // A store takes no body of unknown size. That of a Blob is known; browsers do not let pages say it of a stream.
      headers: {
        ...headers,
        'content-type': 'application/octet-stream',
        ...(bytes instanceof Blob ? {} : { 'content-length': String(size) }),
      },
      body: bytes,
      duplex: 'half',
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      const response = await this.settings.fetch(url, init);
      const text = await response.text();
      if (!response.ok) throw failureOf(response, text);
    } catch (error) {
      signal?.throwIfAborted();
      throw connectionFailure(new URL(url).origin, error);
    }
  }

  /** One attempt, whose body is not read yet. */
  async open({ method, path, query = {}, body, headers = {}, alsoOk = [] }: ApiRequest, signal?: AbortSignal) {
    const { url, fetch } = this.settings;
    const response = await fetch(`${url}${path}${queryText(query)}`, {
      method,
      headers: {
        ...(await this.#credentials()),
        ...(body === undefined ? {} : { 'content-type': body.type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body.text }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok && !alsoOk.includes(response.status)) throw failureOf(response, await response.text());
    return response;
  }

  async #credentials(): Promise<Readonly<Record<string, string>>> {
    const { key, tenant } = this.settings;
    const given = typeof key === 'string' ? key : await key();
    return {
      ...(given === '' ? {} : { authorization: `Bearer ${given}` }),
      ...(tenant === null ? {} : { 'holdfast-tenant': tenant }),
    };
  }

  #read<T>(request: ApiRequest, read: (response: Response) => Promise<T>, failed?: () => void): Promise<Answered<T>> {
    return this.#repeated(request, () => this.#attempt(request, read), failed);
  }

  async #repeated<T>(
    { repeatable, signal }: Pick<ApiRequest, 'repeatable' | 'signal'>,
    attempted: () => Promise<T>,
    failed: () => void = () => undefined,
  ): Promise<T> {
    const { retries } = this.settings;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await attempted();
      } catch (error) {
        signal?.throwIfAborted();
        const wait = retryIn(error, attempt, repeatable, retries, Math.random());
        if (wait === null) throw error;
        failed();
        await sleep(wait, signal);
      }
    }
  }

  async #attempt<T>(request: ApiRequest, read: (response: Response) => Promise<T>): Promise<Answered<T>> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? this.settings.timeoutMs);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
    try {
      const response = await this.open(request, signal);
      return { response, body: await read(response) };
    } catch (error) {
      throw connectionFailure(this.settings.url, error);
    }
  }

  /** One attempt, of which only the beginning has a time limit; the body ends with the signal of the request. */
  async #begin(request: ApiRequest): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new DOMException('The server does not answer', 'TimeoutError')),
      request.timeoutMs ?? this.settings.timeoutMs,
    );
    try {
      return await this.open(
        request,
        request.signal === undefined ? late.signal : AbortSignal.any([request.signal, late.signal]),
      );
    } catch (error) {
      throw connectionFailure(this.settings.url, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A value as it was when the server gave it this ETag; null: the server gave none. */
export interface Tagged<T> {
  readonly value: T;
  readonly etag: string | null;
}

interface Answered<T> {
  readonly response: Response;
  readonly body: T;
}

/** What `fetch` throws when there is no answer is a TypeError; a time-out is a DOMException. */
export const connectionFailure = (url: string, error: unknown): unknown =>
  error instanceof TypeError || (error instanceof DOMException && error.name !== 'DataCloneError')
    ? new ConnectionFailed(url, error)
    : error;
