import {
  NotSent,
  type Outbound,
  type OutboundOutcome,
  type OutboundReply,
  type OutboundRequest,
  type OutboundRules,
} from '@holdfast/core';
import {
  type buildConnector,
  Client,
  type Dispatcher,
  fetch as undiciFetch,
  type RequestInit as UndiciInit,
} from 'undici';
import { isIP } from 'node:net';
import { type AllowList, allowListOf, unbracketed } from './allow-list.ts';
import { Beginning, NotBegun } from './begin-once.ts';
import {
  AddressRefused,
  guardedConnector,
  isAllowed,
  type Lookup,
  refusalOf,
  systemLookup,
} from './guarded-connector.ts';

const MOST_REDIRECTS = 5;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const USER_AGENT = 'holdfast/0.1';

export interface OutboundOptions {
  /** Entries of OUTBOUND_ALLOW. */
  readonly allow: readonly string[];
  readonly lookup?: Lookup;
}

type Hop = { readonly request: OutboundRequest; readonly url: URL };

/**
 * Every request has a connection of its own: on a kept one, the server may hang up just as a request leaves, and
 * nobody could tell whether it was heard.
 */
export class OutboundClient implements Outbound, OutboundRules {
  readonly #allow: AllowList;
  readonly #connect: buildConnector.connector;

  constructor({ allow, lookup = systemLookup }: OutboundOptions) {
    this.#allow = allowListOf(allow);
    this.#connect = guardedConnector(this.#allow, lookup);
  }

  refusal(text: string): string | null {
    const url = urlOf(text);
    if (typeof url === 'string') return url;
    const address = unbracketed(url.hostname);
    if (isIP(address) === 0 || this.isNamed(text) || isAllowed(this.#allow, address)) return null;
    return refusalOf(address, address, portOf(url)).message;
  }

  isNamed(text: string): boolean {
    const url = urlOf(text);
    if (typeof url === 'string') return false;
    return this.#allow.names(url.hostname, portOf(url)) || this.#allow.holds(unbracketed(url.hostname));
  }

  async send(request: OutboundRequest, signal: AbortSignal): Promise<OutboundOutcome> {
    const url = urlOf(request.url);
    if (typeof url === 'string') return { type: 'not-sent', why: 'refused', message: url };
    let hop: Hop = { request, url };
    for (let redirects = 0; ; redirects += 1) {
      const outcome = await this.#sendOnce(hop, signal);
      if (outcome.type !== 'answered') return redirects === 0 ? outcome : lostOnTheWay(outcome, hop);
      const next = redirects < MOST_REDIRECTS ? nextHop(hop, outcome.reply) : null;
      if (next === null) return outcome;
      hop = next;
    }
  }

  readonly fetch: Outbound['fetch'] = async (input, init = {}) => {
    const url = urlOf(String(input));
    if (typeof url === 'string') throw new NotSent(url);
    const beginning = new Beginning(() => init.signal?.aborted !== true);
    const client = this.#client(url);
    try {
      // Node's types of fetch and undici's own describe the same standard.
      const options = { ...init, redirect: 'manual', dispatcher: client.compose(beginning.interceptor) } as UndiciInit;
      const response = await undiciFetch(url.href, options);
      // Waits for the body in the background, and refuses whatever else.
      void client.close();
      return response as unknown as Response;
    } catch (error) {
      void client.destroy();
      if (!beginning.begun) throw new NotSent(messageOf(error), { cause: error });
      throw error;
    }
  };

  async #sendOnce({ request, url }: Hop, signal: AbortSignal): Promise<OutboundOutcome> {
    const beginning = new Beginning(() => !signal.aborted && (request.mayBegin?.() ?? true));
    const client = this.#client(url);
    try {
      const response = await client.compose(beginning.interceptor).request({
        // The type lists the usual methods; undici takes every token.
        method: request.method as Dispatcher.HttpMethod,
        path: `${url.pathname}${url.search}`,
        headers: { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...request.headers },
        body: request.body ?? null,
        signal,
      });
      const { bytes, truncated } = await beginningOf(response.body, request.maxBytes);
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
      );
      return {
        type: 'answered',
        reply: { status: response.statusCode, headers, body: bytes, truncated, url: url.href },
      };
    } catch (error) {
      if (!beginning.begun) return notSent(error);
      return { type: 'no-answer', message: `${url.origin}: ${messageOf(error)}` };
    } finally {
      void client.destroy();
    }
  }

  #client(url: URL): Client {
    // The executor's signal is the only clock: undici's own give up after 300 s.
    return new Client(url.origin, { connect: this.#connect, pipelining: 0, headersTimeout: 0, bodyTimeout: 0 });
  }
}

function notSent(error: unknown): OutboundOutcome {
  const message = messageOf(error);
  if (error instanceof AddressRefused) return { type: 'not-sent', why: 'refused', message };
  if (error instanceof NotBegun) return { type: 'not-sent', why: 'not-begun', message };
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return { type: 'not-sent', why: code === 'ENOTFOUND' ? 'unknown-name' : 'unreachable', message };
}

/** The first server has answered, so something was sent; only where everything may be read again is that no matter. */
function lostOnTheWay(outcome: Exclude<OutboundOutcome, { type: 'answered' }>, { request, url }: Hop): OutboundOutcome {
  const message = `redirected to ${url.origin}: ${outcome.message}`;
  return request.redirects === 'any' ? { ...outcome, message } : { type: 'no-answer', message };
}

/** Where to look instead; null = this is the answer. */
function nextHop({ request, url }: Hop, reply: OutboundReply): Hop | null {
  const { location } = reply.headers;
  if (!redirectStatuses.has(reply.status) || location === undefined) return null;
  if (request.redirects === 'never' || (request.method !== 'GET' && request.method !== 'HEAD')) return null;
  if (!URL.canParse(location, url.href)) return null;
  const next = urlOf(new URL(location, url.href).href);
  if (typeof next === 'string') return null;
  if (next.origin === url.origin) return { request, url: next };
  if (request.redirects === 'same-origin') return null;
  // What was meant for the first server stays with it.
  const {
    authorization: _,
    cookie: __,
    ...headers
  } = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { request: { ...request, headers }, url: next };
}

/** The URL without its fragment, or what is wrong with it. */
function urlOf(text: string): URL | string {
  if (!URL.canParse(text)) return `${JSON.stringify(text.slice(0, 200))} is not a URL`;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol} is not http: or https:`;
  if (url.username !== '' || url.password !== '') return 'a URL with a user or a password is not called: use a header';
  url.hash = '';
  return url;
}

const portOf = ({ port, protocol }: URL): number => Number(port) || (protocol === 'https:' ? 443 : 80);

async function beginningOf(body: Dispatcher.ResponseData['body'], maxBytes: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    // undici gives Buffers.
    const bytes = chunk as Buffer;
    chunks.push(bytes.subarray(0, maxBytes - size));
    size += bytes.length;
    if (size > maxBytes) break;
  }
  return { bytes: Buffer.concat(chunks), truncated: size > maxBytes };
}

/** Of several addresses that were all tried, the first one's problem; of fetch's, what is below it. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (error instanceof TypeError && error.cause !== undefined) return messageOf(error.cause);
  return error instanceof Error ? error.message : String(error);
}
