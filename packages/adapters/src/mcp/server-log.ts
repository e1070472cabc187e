import type { Log } from '@holdfast/core';

/** The part of a logger that tool servers need; pino's fits. */
export interface ServerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Of what servers say only the important is logged. */
export const serverLog = (log: Log, server?: string): ServerLog => {
  const about = server === undefined ? {} : { server };
  return {
    debug: () => undefined,
    info: (fields, message) => log.info({ ...fields, ...about }, message),
    warn: (fields, message) => log.warn({ ...fields, ...about }, message),
  };
};
