import { DatabaseUnavailable } from '@holdfast/core';
import { DirectSession } from './direct-session.ts';
import { DatabaseNotUsable } from './errors.ts';
import { openPool, type Pool } from './pool.ts';
import { checkServer } from './server-check.ts';
import { codeOf } from './unavailable.ts';

export interface PostgresServer {
  readonly pool: Pool;
  readonly session: DirectSession;
  /** What is not held on this server, one line each. */
  readonly warnings: readonly string[];
}

/**
 * A pool, and one session that does not go through a pooler.
 * Throws `DatabaseNotUsable`: `database_unreachable`, `database_read_only`, `database_too_old`, `database_url_invalid`.
 */
export async function openPostgres(url: string, directUrl: string, poolSize: number): Promise<PostgresServer> {
  const where = hostOf(url);
  const pool = openPool(url, poolSize);
  const session = new DirectSession(directUrl);
  try {
    const warnings = [...(await pool.lend(checkServer))];
    const live = await session.open();
    if (!live.direct) {
      warnings.push(
        'A pooler is between Holdfast and Postgres: dead workers are noticed by their lease only (5 s), and wake-ups ' +
          'by the sweep (1 s). Set DATABASE_DIRECT_URL to a url that goes past it.',
      );
    }
    return { pool, session, warnings };
  } catch (error) {
    await session.close();
    await pool.close();
    throw openingError(error, where);
  }
}

function hostOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch (error) {
    throw new DatabaseNotUsable('database_url_invalid', 'DATABASE_URL is not a url.', { cause: error });
  }
}

/** One line, without the url's user and password. */
function openingError(error: unknown, where: string): unknown {
  if (!(error instanceof DatabaseUnavailable)) return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const why = cause.message === '' ? (codeOf(cause) ?? 'no answer') : cause.message;
  return new DatabaseNotUsable('database_unreachable', `Postgres at ${where} cannot be used: ${why}.`, {
    cause: error,
  });
}
