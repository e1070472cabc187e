import { DatabaseBusy, DatabaseUnavailable } from '@holdfast/core';

/** SQLSTATE classes and codes after which the server, not the statement, is the matter. */
const serverStates = /^(08...|57P0[1-5]|53...|58...|25P0[34]|3D000|28...)$/;
const READ_ONLY = '25006';
/** The statement was ended by its time limit, or waited too long for a lock: it did nothing. */
const busyStates = new Set(['57014', '55P03']);
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
const driverMessages =
  /connection terminated|timeout expired|timeout exceeded when trying to connect|client (was closed|has encountered)|not queryable|connection (ended|is closed)/i;

/** The server answers, but is a standby, or read-only. */
export class DatabaseReadOnly extends DatabaseUnavailable {}

/** The SQLSTATE or socket code of an error, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * The transaction did nothing, and the same again may succeed: serialization failure, deadlock, a kept statement whose
 * result has another type since a migration, and one that the server does not have any more.
 */
const transientStates = new Set(['40001', '40P01', '0A000', '26000']);
const TRIES = 5;

/** A transaction, again when that may help. @throws what the last attempt threw. */
export async function insistently<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!transientStates.has(codeOf(error) ?? '') || tries === TRIES) throw error;
    }
  }
}

/** Turns what the driver throws when the server is gone into `DatabaseUnavailable`; other errors stay as they are. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === READ_ONLY) return new DatabaseReadOnly(`The database takes no writes: ${message}`, { cause: error });
  if (code !== undefined && busyStates.has(code))
    return new DatabaseBusy(`The database took too long: ${message}`, { cause: error });
  const gone = code === undefined ? driverMessages.test(message) : socketCodes.has(code) || serverStates.test(code);
  return gone ? new DatabaseUnavailable(`The database is not available: ${message}`, { cause: error }) : error;
}
