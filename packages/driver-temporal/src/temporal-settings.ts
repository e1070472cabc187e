/** Where Temporal is, and how to get in. A dev server, a cluster of one's own and Temporal Cloud differ by these alone. */
export interface TemporalSettings {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
  /** Where workflows wait for a worker. */
  readonly taskQueue: string;
  /** Where the carrying of runs waits for one: the same, or one that only some workers serve. */
  readonly advanceTaskQueue: string;
  /** null = no TLS. */
  readonly tls: TemporalTls | null;
  readonly apiKey: string | null;
  /** null = none; it goes before `apiKey`. */
  readonly token: TemporalToken | null;
}

/** Where an issuer gives access tokens by client credentials. */
export interface TemporalToken {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** PEM texts; null = what the machine trusts, no certificate of ours, the name in the address. */
export interface TemporalTls {
  readonly serverCa: Buffer | null;
  readonly client: { readonly cert: Buffer; readonly key: Buffer } | null;
  readonly serverName: string | null;
}
