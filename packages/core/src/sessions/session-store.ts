import type { SealedValue } from '../secrets/secret-rows.ts';

/** The login of a browser. Times are ms since 1970. */
export interface StoredSession {
  readonly issuer: string;
  readonly subject: string;
  readonly sid: string | null;
  readonly sealed: SealedValue;
  /** Grows with each refresh. */
  readonly version: number;
  /** Of the access token. */
  readonly issuedAt: number;
  readonly accessExpiresAt: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export type SessionTokens = Pick<StoredSession, 'sealed' | 'issuedAt' | 'accessExpiresAt' | 'expiresAt'>;

/** Sessions by the hash of their cookie. */
export interface SessionStore {
  create(hash: string, session: SessionTokens & Pick<StoredSession, 'issuer' | 'subject' | 'sid'>): Promise<void>;
  /** null = there is none, or it is over. */
  find(hash: string): Promise<StoredSession | null>;
  /** Whether the caller alone, of all processes, may refresh this version; for so many ms. */
  reserve(hash: string, version: number, ms: number): Promise<boolean>;
  release(hash: string, version: number): Promise<void>;
  /** The next version. False: the session has ended, or has another version. */
  save(hash: string, version: number, tokens: SessionTokens): Promise<boolean>;
  /** False: there is none. */
  end(hash: string): Promise<boolean>;
  /** One session of the issuer, or all of a person; returns the subject of each. */
  endAll(issuer: string, sid: string | null, subject: string | null): Promise<readonly string[]>;
}
