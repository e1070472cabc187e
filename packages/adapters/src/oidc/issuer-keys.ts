import { setTimeout as pause } from 'node:timers/promises';
import { IssuerUnavailable, TokenRefused } from '@holdfast/core';
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

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

interface Held {
  readonly set: LocalJWKSet;
  readonly kids: ReadonlySet<unknown>;
  readonly askedAt: number;
}

/** The keys with which the issuer signs. */
export class IssuerKeys {
  readonly #issuer: Issuer;
  readonly #times: KeyTimes;
  #held: Held | null = null;
  #fetching: Promise<Held> | null = null;
  #askedAt = -Infinity;

  constructor(issuer: Issuer, times: KeyTimes = keyTimes) {
    this.#issuer = issuer;
    this.#times = times;
  }

  /** The key of a header. @throws TokenRefused: the issuer has none such; IssuerUnavailable. */
  async keyFor(header: JWSHeaderParameters): ReturnType<LocalJWKSet> {
    const held = await this.#holding(header.kid, performance.now());
    try {
      return await held.set(header);
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new TokenRefused('the issuer has no such key');
      throw error;
    }
  }

  /** Keys with this one, or fetched after it was asked for: issuers sign with a new key at once. */
  async #holding(kid: unknown, asked: number): Promise<Held> {
    let held = this.#held;
    if (held !== null && held.kids.has(kid)) {
      if (asked - held.askedAt < this.#times.freshMs) return held;
      const old = held;
      return this.#fetch().catch((error: unknown) => {
        if (performance.now() - old.askedAt < this.#times.staleMs) return old;
        throw error;
      });
    }
    do held = await this.#fetch();
    while (held.askedAt < asked);
    return held;
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
    const { jwks_uri } = await this.#issuer.metadata();
    const read = keySet.safeParse(await this.#issuer.get(jwks_uri));
    if (!read.success) throw new IssuerUnavailable('The keys of the issuer cannot be read.');
    this.#held = {
      set: createLocalJWKSet(read.data as JSONWebKeySet),
      kids: new Set(read.data.keys.map((key) => key['kid'])),
      askedAt,
    };
    return this.#held;
  }
}
