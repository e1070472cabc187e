import type { Finding } from '@holdfast/core';
import { connection } from './connection.ts';
import { connectionClosed, explainFailure } from './explain-failure.ts';
import { tryRights } from './rights.ts';
import { addressOf, type RedisSettings } from './settings.ts';

/** Tries all that is ever asked of the server, under names of its own. */
export async function* examineRedis(settings: RedisSettings): AsyncGenerator<Finding, void, undefined> {
  const clients = [connection(settings, { once: true }), connection(settings, { once: true })] as const;
  const failures: unknown[] = [];
  for (const client of clients) client.on('error', (error: unknown) => failures.push(error));
  try {
    for (const client of clients) await client.connect();
    if (failures.length > 0) throw failures[0];
    await tryRights(...clients, 'holdfast:doctor:');
  } catch (error) {
    // What the connection ended with says more than that it has ended.
    const isEnd = error instanceof Error && error.message === connectionClosed().message;
    const detail = explainFailure(isEnd ? (failures[0] ?? error) : error, settings);
    yield { check: 'redis', level: 'fail', detail };
    return;
  } finally {
    for (const client of clients) client.disconnect();
  }
  yield { check: 'redis', level: 'ok', detail: `answers at ${addressOf(settings)}, with all rights that are needed` };
  if (isThisMachine(settings.host)) return;
  if (settings.tls === null)
    yield {
      check: 'redis tls',
      level: 'warn',
      detail: `${addressOf(settings)} is asked without TLS: its password and words of models cross the network readable. Use rediss:// outside of a network of your own.`,
    };
  if (settings.password === null)
    yield {
      check: 'redis user',
      level: 'warn',
      detail: `${addressOf(settings)} asks for no password: whoever reaches it may read words of models and change counts. Give it users: deploy/valkey/users.acl.`,
    };
}

const isThisMachine = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
