import { DatabaseUnavailable } from '@holdfast/core';

/** SQLSTATE classes and codes after which the server, not the statement, is the matter. */
const serverStates = /^(08...|57P0[1-5]|53...|58...|25006|3D000|28...)$/;
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

/** The SQLSTATE or socket code of an error, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Deadlock or serialization failure: the same again may succeed. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
}

/** Turns what the driver throws when the server is gone into `DatabaseUnavailable`; other errors stay as they are. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const gone = code === undefined ? driverMessages.test(message) : socketCodes.has(code) || serverStates.test(code);
  return gone ? new DatabaseUnavailable(`The database is not available: ${message}`, { cause: error }) : error;
}
