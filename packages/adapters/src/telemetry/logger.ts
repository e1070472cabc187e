import type { Redaction } from '@holdfast/core';
import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';

export type LogLevel = Level | 'silent';

/** What carries credentials. Headers arrive in lower case from Node; our own code may spell them as it likes. */
const secretHeaders = ['authorization', 'Authorization', 'cookie', 'Cookie', 'set-cookie', 'x-api-key', 'X-API-Key'];
const places = ['', 'headers', '*.headers', '*.*.headers'];

/**
 * One JSON line per message: `level` (a word), `time` (ISO 8601, UTC), `name`, `msg`, and what it is about.
 * Credentials in headers are replaced by `[redacted]`; what tools and models say is never logged in the first place.
 * @param name the process: `api`, `worker`, …
 * @param redaction takes values of secrets out of each line
 * @param destination stdout when left out
 */
export function createLogger(
  {
    level,
    name,
    redaction,
  }: { readonly level: LogLevel; readonly name: string; readonly redaction?: Pick<Redaction, 'line'> },
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    name,
    base: {},
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: places.flatMap((place) => secretHeaders.map((key) => `${place}["${key}"]`)),
      censor: '[redacted]',
    },
    ...(redaction === undefined ? {} : { hooks: { streamWrite: (line: string) => redaction.line(line) } }),
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Every line bears the run's id. */
export const runLogger = (logger: Logger, runId: string): Logger => logger.child({ run_id: runId });
