/** One HTTP request to the outside. */
export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * `never`: a redirect is the answer. Of GET and HEAD, `same-origin` follows within the first URL's origin, `any`
   * everywhere; at most 5. Other methods are never sent twice.
   */
  readonly redirects: 'never' | 'same-origin' | 'any';
  /** Bytes of the answer's body that are kept. */
  readonly maxBytes: number;
  /** The last look before a byte leaves; false = it does not. */
  readonly mayBegin?: () => boolean;
}

export interface OutboundReply {
  readonly status: number;
  /** Names in lower case; several values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The body was longer than `maxBytes`. */
  readonly truncated: boolean;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

export type OutboundOutcome =
  | { readonly type: 'answered'; readonly reply: OutboundReply }
  /** No byte left. `refused`: by the guard, or not a URL that may be called; `unknown-name`: it has no address. */
  | {
      readonly type: 'not-sent';
      readonly why: 'refused' | 'unknown-name' | 'unreachable' | 'not-begun';
      readonly message: string;
    }
  | { readonly type: 'no-answer'; readonly message: string };

/** The one way out over HTTP. Sends once; private addresses are refused. It knows no time-out but `signal`. */
export interface Outbound {
  send(request: OutboundRequest, signal: AbortSignal): Promise<OutboundOutcome>;
  /** The same way out in the shape of `fetch`, for libraries. Redirects are answers. Throws `NotSent` when no byte left. */
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

/** What can be said of a URL before anything is looked up. */
export interface OutboundRules {
  /** Why it is never called, for people; null: nothing speaks against it so far. */
  refusal(url: string): string | null;
  /** OUTBOUND_ALLOW names its host or its address. */
  isNamed(url: string): boolean;
}

/** The request was given up before a byte left. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}
