import type { JsonObject } from '@holdfast/contracts';
import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import { type SecretCipher, SecretUnreadable } from '../secrets/secret-cipher.ts';
import type { PlatformAuditWriter } from '../tenants/platform-audit.ts';
import { hashSecret } from '../use-cases/api-key.ts';
import { LoginEnded, type LoginProvider, type LoginTokens } from './login-provider.ts';
import type { SessionStore, SessionTokens, StoredSession } from './session-store.ts';

const DAY_MS = 86_400_000;
/** However often it is refreshed. */
const LONGEST_MS = 7 * DAY_MS;
/** Without a refresh, where the issuer does not say. */
const IDLE_MS = DAY_MS;
/** Before the end of the access token; a quarter of its life when that is less. */
const EARLY_MS = 60_000;
/** Longer than the issuer is waited for. */
const RESERVED_MS = 20_000;
const LOOK_AGAIN_MS = 100;

export interface SessionPorts {
  readonly store: SessionStore;
  readonly cipher: SecretCipher;
  readonly provider: LoginProvider;
  /** Sessions belong to no tenant: the platform's chain tells of them. */
  readonly audit: PlatformAuditWriter;
  readonly clock: Clock;
  readonly log: Log;
  /** 32 random bytes, as text. */
  readonly newSecret: () => string;
}

/** The request that does it. */
export interface SessionRequest {
  readonly requestId: string;
  /** The address of the client. */
  readonly from: string;
}

/** Logins of browsers: the browser has a random cookie, the database its hash and the sealed tokens. */
export class Sessions {
  readonly #ports: SessionPorts;
  readonly #refreshing = new Map<string, Promise<string | null>>();

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  /** Returns the value of the cookie. Nobody gets one without a line of audit. */
  async open(tokens: LoginTokens, request: SessionRequest): Promise<string> {
    const secret = this.#ports.newSecret();
    const hash = hashSecret(secret);
    const { issuer, subject, sid } = tokens;
    const now = this.#ports.clock.now();
    await this.#write('logins.open', tokens, request, {});
    await this.#ports.store.create(hash, { issuer, subject, sid, ...this.#sealed(hash, 1, tokens, now, now) });
    return secret;
  }

  /**
   * An access token that is good now; it is refreshed shortly before its end, by one request of one process. null = the
   * session is over. @throws IssuerUnavailable when the token has ended and the issuer gives no other.
   */
  async accessToken(secret: string): Promise<string | null> {
    const hash = hashSecret(secret);
    const session = await this.#ports.store.find(hash);
    if (session === null) return null;
    const tokens = this.#opened(hash, session);
    if (tokens === null) return null;
    const left = session.accessExpiresAt - this.#ports.clock.now();
    const early = Math.min(EARLY_MS, (session.accessExpiresAt - session.issuedAt) / 4);
    if (left > early) return tokens.accessToken;
    if (tokens.refreshToken === null) return left > 0 ? tokens.accessToken : null;
    const refreshed = this.#refresh(hash, session, tokens);
    if (left <= 0) return refreshed;
    // In the background: the token is still good.
    refreshed.catch((error: unknown) => this.#ports.log.warn({ err: error }, 'a session could not be refreshed'));
    return tokens.accessToken;
  }

  /** Whose it is; null = it is over. */
  async whose(secret: string): Promise<Pick<StoredSession, 'issuer' | 'subject' | 'expiresAt'> | null> {
    return this.#ports.store.find(hashSecret(secret));
  }

  /** Ends it here; returns what says at the issuer whose login it was. */
  async end(secret: string, request: SessionRequest): Promise<{ readonly idToken: string | null } | null> {
    const hash = hashSecret(secret);
    const session = await this.#ports.store.find(hash);
    if (session === null) return null;
    if (await this.#ports.store.end(hash)) await this.#closed(session, request, 'the person');
    return { idToken: this.#opened(hash, session)?.idToken ?? null };
  }

  /** As the issuer asks: one session of it, or all of a person. */
  async endAll(issuer: string, sid: string | null, subject: string | null, request: SessionRequest): Promise<void> {
    for (const ended of await this.#ports.store.endAll(issuer, sid, subject))
      await this.#closed({ issuer, subject: ended }, request, 'the issuer');
  }

  #refresh(hash: string, session: StoredSession, tokens: LoginTokens): Promise<string | null> {
    const under = this.#refreshing.get(hash);
    if (under !== undefined) return under;
    const refreshing = this.#refreshAlone(hash, session, tokens).finally(() => this.#refreshing.delete(hash));
    this.#refreshing.set(hash, refreshing);
    return refreshing;
  }

  /** A refresh token is good once, and using it twice ends the login: one process at a time. */
  async #refreshAlone(hash: string, session: StoredSession, tokens: LoginTokens): Promise<string | null> {
    const { store, provider, clock } = this.#ports;
    for (;;) {
      if (await store.reserve(hash, session.version, RESERVED_MS)) break;
      const now = await store.find(hash);
      if (now === null) return null;
      // Another process has done it.
      if (now.version !== session.version) return this.#opened(hash, now)?.accessToken ?? null;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    let fresh: LoginTokens;
    try {
      fresh = await provider.refresh(tokens);
    } catch (error) {
      if (!(error instanceof LoginEnded)) {
        await store.release(hash, session.version);
        throw error;
      }
      if (await store.end(hash)) await this.#closed(session, { requestId: '', from: '' }, 'a refused refresh');
      return null;
    }
    const next = this.#sealed(hash, session.version + 1, fresh, clock.now(), session.createdAt);
    return (await store.save(hash, session.version, next)) ? fresh.accessToken : null;
  }

  /** It is over whether or not that can be written. */
  async #closed(whose: Whose, request: SessionRequest, by: string): Promise<void> {
    try {
      await this.#write('logins.close', whose, request, { by });
    } catch (error) {
      this.#ports.log.error({ err: error }, 'the end of a session could not be written to the audit log');
    }
  }

  #write(
    operation: string,
    { issuer, subject }: Whose,
    { requestId, from }: SessionRequest,
    more: JsonObject,
  ): Promise<void> {
    return this.#ports.audit.write({
      operation,
      tenant: null,
      by: { type: 'person', id: subject, roles: [] },
      requestId,
      detail: { issuer, from, ...more },
    });
  }

  #sealed(hash: string, version: number, tokens: LoginTokens, now: number, createdAt: number): SessionTokens {
    return {
      sealed: this.#ports.cipher.seal({ tenant: '', name: `session ${hash}`, version }, JSON.stringify(tokens)),
      issuedAt: now,
      accessExpiresAt: now + tokens.accessLifeMs,
      expiresAt: Math.min(
        createdAt + LONGEST_MS,
        now + (tokens.refreshToken === null ? tokens.accessLifeMs : (tokens.refreshLifeMs ?? IDLE_MS)),
      ),
    };
  }

  /** null: its key is gone, which costs a login and nothing else. */
  #opened(hash: string, { version, sealed }: StoredSession): LoginTokens | null {
    try {
      // What was sealed here is what comes out: nothing else opens.
      return JSON.parse(
        this.#ports.cipher.open({ tenant: '', name: `session ${hash}`, version }, sealed),
      ) as LoginTokens;
    } catch (error) {
      if (!(error instanceof SecretUnreadable)) throw error;
      this.#ports.log.warn({ err: error }, 'a session cannot be opened');
      return null;
    }
  }
}

type Whose = Pick<StoredSession, 'issuer' | 'subject'>;
