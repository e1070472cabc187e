import type { SessionStore, SessionTokens, StoredSession } from '@holdfast/core';
import type { Connections } from './sql.ts';
import { type DatabaseRole, roleTransaction } from './tenant-scope.ts';

interface SessionRow {
  readonly issuer: string;
  readonly subject: string;
  readonly sid: string | null;
  readonly key_id: string;
  readonly nonce: string;
  readonly ciphertext: string;
  readonly version: number;
  readonly issued_at: number;
  readonly access_expires_at: number;
  readonly created_at: number;
  readonly expires_at: number;
}

const CLEANED_AT_ONCE = 500;

/** Through functions alone: the table itself nobody may read. */
export class PostgresSessionStore implements SessionStore {
  readonly #connections: Connections;
  readonly #role: DatabaseRole | null;

  constructor(connections: Connections, role: DatabaseRole | null) {
    this.#connections = connections;
    this.#role = role;
  }

  async create(
    hash: string,
    { issuer, subject, sid, ...tokens }: Parameters<SessionStore['create']>[1],
  ): Promise<void> {
    const { keyId, nonce, ciphertext } = tokens.sealed;
    await this.#call(
      'select holdfast.create_session($1, $2, $3, $4, $5, $6, $7, $8::bigint, $9::bigint, $10::bigint)',
      [hash, issuer, subject, sid, keyId, nonce, ciphertext, tokens.issuedAt, tokens.accessExpiresAt, tokens.expiresAt],
    );
  }

  async find(hash: string): Promise<StoredSession | null> {
    const [row] = await this.#call<SessionRow>('select * from holdfast.find_session($1)', [hash]);
    return row === undefined ? null : sessionOf(row);
  }

  async reserve(hash: string, version: number, ms: number): Promise<boolean> {
    const [row] = await this.#call<{ done: boolean }>(
      'select holdfast.reserve_session($1, $2::integer, $3::bigint) as done',
      [hash, version, ms],
    );
    return row?.done === true;
  }

  async release(hash: string, version: number): Promise<void> {
    await this.#call('select holdfast.release_session($1, $2::integer)', [hash, version]);
  }

  async save(
    hash: string,
    version: number,
    { sealed, issuedAt, accessExpiresAt, expiresAt }: SessionTokens,
  ): Promise<boolean> {
    const [row] = await this.#call<{ done: boolean }>(
      'select holdfast.save_session($1, $2::integer, $3, $4, $5, $6::bigint, $7::bigint, $8::bigint) as done',
      [hash, version, sealed.keyId, sealed.nonce, sealed.ciphertext, issuedAt, accessExpiresAt, expiresAt],
    );
    return row?.done === true;
  }

  async end(hash: string): Promise<boolean> {
    const [row] = await this.#call<{ done: boolean }>('select holdfast.end_session($1) as done', [hash]);
    return row?.done === true;
  }

  async endAll(issuer: string, sid: string | null, subject: string | null): Promise<readonly string[]> {
    const rows = await this.#call<{ subject: string }>('select subject from holdfast.end_sessions($1, $2, $3)', [
      issuer,
      sid,
      subject,
    ]);
    return rows.map((row) => row.subject);
  }

  #call<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#connections.lend((sql) => roleTransaction(sql, this.#role, () => sql.query<Row>(text, values)));
  }
}

const sessionOf = (row: SessionRow): StoredSession => ({
  issuer: row.issuer,
  subject: row.subject,
  sid: row.sid,
  sealed: { keyId: row.key_id, nonce: row.nonce, ciphertext: row.ciphertext },
  version: row.version,
  issuedAt: row.issued_at,
  accessExpiresAt: row.access_expires_at,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});

/** Deletes a small batch of sessions that are over; returns how many. */
export async function cleanSessions(connections: Connections): Promise<number> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ deleted: number }>('select holdfast.clean_sessions($1) as deleted', [CLEANED_AT_ONCE]),
  );
  return row?.deleted ?? 0;
}
