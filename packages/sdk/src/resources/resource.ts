import type { z } from 'zod';
import { type CallOptions, type ChangeOptions, type CreateOptions, jsonBody, newKey } from '../http/request.ts';
import type { Query } from '../http/path.ts';
import type { Transport } from '../http/transport.ts';
import { List, type Page } from '../list.ts';

/** The ways in which the operations of a resource are sent. */
export abstract class Resource {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  protected read<S extends z.ZodType>(
    path: string,
    answer: S,
    { signal }: CallOptions = {},
    query: Query = {},
  ): Promise<z.output<S>> {
    return this.transport.json({ method: 'GET', path, query, answer, signal, repeatable: true });
  }

  protected listing<T>(
    path: string,
    answer: z.ZodType<Page<T>>,
    { cursor, ...query }: Query & { readonly cursor?: string | undefined },
    options: CallOptions,
  ): List<T> {
    return new List<T>((next) => this.read(path, answer, options, { ...query, cursor: next }), cursor);
  }

  /** A POST that may be sent again, since the server knows it by its key. */
  protected make<S extends z.ZodType>(
    path: string,
    answer: S,
    body: unknown,
    { signal, idempotencyKey = newKey() }: CreateOptions = {},
    timeoutMs?: number,
  ): Promise<z.output<S>> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.transport.json({
      method: 'POST',
      path,
      ...jsonBody(body),
      headers,
      answer,
      signal,
      repeatable: true,
      timeoutMs,
    });
  }

  /** A POST that the server would do twice: sent again only when it says that it did nothing. */
  protected unrepeated<S extends z.ZodType>(
    path: string,
    answer: S,
    body: unknown,
    { signal }: CallOptions = {},
  ): Promise<z.output<S>> {
    return this.transport.json({ method: 'POST', path, ...jsonBody(body), answer, signal, repeatable: false });
  }

  protected put<S extends z.ZodType>(
    path: string,
    answer: S,
    body: unknown,
    { signal, ifMatch }: ChangeOptions = {},
    query: Query = {},
  ): Promise<z.output<S>> {
    return this.transport.json({
      method: 'PUT',
      path,
      query,
      ...jsonBody(body),
      headers: condition(ifMatch),
      answer,
      signal,
      repeatable: ifMatch === undefined,
    });
  }

  protected remove(path: string, { signal, ifMatch }: ChangeOptions = {}): Promise<void> {
    const headers = condition(ifMatch);
    return this.transport.nothing({ method: 'DELETE', path, headers, signal, repeatable: ifMatch === undefined });
  }
}

/** Once done, the same condition would not hold again: such a change is not repeated. */
const condition = (ifMatch: string | undefined): Readonly<Record<string, string>> =>
  ifMatch === undefined ? {} : { 'if-match': ifMatch };

/** What every list takes. */
export interface PageOptions extends CallOptions {
  /** `next_cursor` of a page before. */
  readonly cursor?: string | undefined;
  /** Of one page: 1 to 200, 50 when left out. */
  readonly limit?: number | undefined;
}
