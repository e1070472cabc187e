import { DatabaseUnavailable } from '@holdfast/core';
import { applicationName } from './application-name.ts';
import { DirectSession } from './direct-session.ts';
import { DatabaseNotUsable } from './errors.ts';
import { openPool, type Pool } from './pool.ts';
import { checkServer } from './server-check.ts';
import { targetOf } from './target.ts';
import { codeOf, DatabaseReadOnly } from './unavailable.ts';

export interface PostgresServer {
  readonly pool: Pool;
  readonly session: DirectSession;
  /** Several hosts, of which one is used. */
  readonly readWrite: boolean;
  /** What is not held on this server, one line each. */
  readonly warnings: readonly string[];
}

export interface ServerOptions {
  readonly url: string;
  readonly directUrl: string;
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** As `pg_stat_activity` shows it, with what tells its processes apart. */
  readonly program: string;
  readonly instance?: string;
}

/**
 * A pool, and one session that does not go through a pooler.
 * Throws `DatabaseNotUsable`: `database_unreachable`, `database_read_only`, `database_too_old`, `database_url_invalid`.
 */
export async function openPostgres(options: ServerOptions): Promise<PostgresServer> {
  const { program, instance, poolSize: size } = options;
  const target = targetOf(options.url);
  const direct = targetOf(options.directUrl);
  const pool = openPool(target, { ...options, size, applicationName: applicationName(program, instance, false) });
  const session = new DirectSession(direct, applicationName(program, instance, true));
  try {
    const warnings = [...(await pool.lend(checkServer))];
    const live = await session.open();
    if (!live.direct) {
      warnings.push(
        'A pooler is between Holdfast and Postgres: dead workers are noticed by their lease only (5 s), and wake-ups ' +
          'by the sweep (1 s). Set DATABASE_DIRECT_URL to a url that goes past it.',
      );
    }
    return { pool, session, readWrite: target.readWrite, warnings };
  } catch (error) {
    await session.close();
    await pool.close();
    throw openingError(error, target.shown);
  }
}

/** One line, without the url's user and password. */
function openingError(error: unknown, where: string): unknown {
  if (!(error instanceof DatabaseUnavailable)) return error;
  if (error instanceof DatabaseReadOnly)
    return new DatabaseNotUsable('database_read_only', `None of ${where} takes writes: ${error.message}`, {
      cause: error,
    });
  const cause = error.cause instanceof Error ? error.cause : error;
  const why = cause.message === '' ? (codeOf(cause) ?? 'no answer') : cause.message;
  return new DatabaseNotUsable('database_unreachable', `Postgres at ${where} cannot be used: ${why}.`, {
    cause: error,
  });
}
