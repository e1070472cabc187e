import { setTimeout as pause } from 'node:timers/promises';
import { IssuerUnavailable, type Log, TokenRefused } from '@holdfast/core';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters, type LocalJWKSet } from 'jose';
import { z } from 'zod';
import type { Issuer } from './issuer.ts';

export interface KeyTimes {
  /** Between two fetches, ms, whoever asks: a flood of unknown keys is no flood of fetches. */
  readonly coolDownMs: number;
  /** From then on they are fetched anew. */
  readonly freshMs: number;
  /** So long they are used when the issuer cannot be reached. */
  readonly staleMs: number;
}

export const keyTimes: KeyTimes = { coolDownMs: 1_000, freshMs: 600_000, staleMs: 3_600_000 };

export const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

interface Held {
  readonly set: LocalJWKSet;
  readonly kids: ReadonlySet<unknown>;
  readonly askedAt: number;
}

/** The keys with which the issuer signs. */
export class IssuerKeys {
  readonly #issuer: Pick<Issuer, 'metadata' | 'get' | 'forget'>;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #times: KeyTimes;
  #held: Held | null = null;
  #fetching: Promise<Held> | null = null;
  #askedAt = -Infinity;
  /** The last fetch failed. */
  #failing = false;

  constructor(
    issuer: Pick<Issuer, 'metadata' | 'get' | 'forget'>,
    log: Pick<Log, 'info' | 'warn'>,
    times: KeyTimes = keyTimes,
  ) {
    this.#issuer = issuer;
    this.#log = log;
    this.#times = times;
  }

  /** The key of a header. @throws TokenRefused: the issuer has none such; IssuerUnavailable. */
  async keyFor(header: JWSHeaderParameters): ReturnType<LocalJWKSet> {
    const held = await this.#holding(header.kid, performance.now());
    try {
      return await held.set(header);
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new TokenRefused('the issuer has no such key');
      // Nothing but the import of the key is left to fail; what the platform throws then is its own affair.
      throw new TokenRefused('the key that the issuer publishes cannot be read');
    }
  }

  /** Keys with this one, or fetched after it was asked for: issuers sign with a new key at once. */
  async #holding(kid: unknown, asked: number): Promise<Held> {
    let held = this.#held;
    if (held !== null && held.kids.has(kid)) {
      if (asked - held.askedAt < this.#times.freshMs) return held;
      return this.#renewed(held);
    }
    do held = await this.#fetch();
    while (!held.kids.has(kid) && held.askedAt < asked);
    return held;
  }

  /** The keys fetched anew, or those held, while the issuer cannot be reached. */
  async #renewed(old: Held): Promise<Held> {
    const isUsable = (): boolean => performance.now() - old.askedAt < this.#times.staleMs;
    const fetched = this.#fetch().catch((error: unknown) => {
      if (isUsable()) return old;
      throw error;
    });
    if (!this.#failing || !isUsable()) return fetched;
    // Else each request would wait as long as an issuer may be silent. What failed stands in the log.
    fetched.catch(() => undefined);
    return old;
  }

  /** One at a time, and no sooner than the cool-down allows: others wait for the same. */
  async #fetch(): Promise<Held> {
    this.#fetching ??= this.#fetchNow().finally(() => (this.#fetching = null));
    return this.#fetching;
  }

  async #fetchNow(): Promise<Held> {
    const rest = this.#askedAt + this.#times.coolDownMs - performance.now();
    if (rest > 0) await pause(rest);
    const askedAt = performance.now();
    this.#askedAt = askedAt;
    try {
      this.#held = await this.#read(askedAt);
    } catch (error) {
      // Where its keys are may have changed, too.
      this.#issuer.forget();
      if (!this.#failing)
        this.#log.warn({ err: error }, 'the keys of the issuer cannot be had; those held are used for up to an hour');
      this.#failing = true;
      throw error;
    }
    if (this.#failing) this.#log.info({}, 'the keys of the issuer can be had again');
    this.#failing = false;
    return this.#held;
  }

  async #read(askedAt: number): Promise<Held> {
    const { jwks_uri } = await this.#issuer.metadata();
    const read = keySet.safeParse(await this.#issuer.get(jwks_uri));
    if (!read.success) throw new IssuerUnavailable(`What is at ${jwks_uri} is no set of keys.`, { cause: read.error });
    return {
      set: createLocalJWKSet(read.data as JSONWebKeySet),
      kids: new Set(read.data.keys.map((key) => key['kid'])),
      askedAt,
    };
  }
}
