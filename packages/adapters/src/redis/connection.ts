import { Redis } from 'ioredis';
import type { RedisSettings } from './settings.ts';

/** Requests wait for a rate limit, so its answer comes soon or not at all, ms. */
const COMMAND_MS = 500;
/** With an answer due and nothing heard for this long, the connection is dead. */
const SILENCE_MS = 1_000;
const CONNECT_MS = 5_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/** A connection that nobody has asked for yet. It tries again for ever, unless `once`. */
export function connection(settings: RedisSettings, options: { readonly once?: boolean } = {}): Redis {
  const { host, port, database, username, password, tls } = settings;
  return new Redis({
    host,
    port,
    db: database,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls === null ? {} : { tls: tls.ca === null ? {} : { ca: tls.ca } }),
    lazyConnect: true,
    // Answers are of the same shapes, and users of the server need fewer rights than with HELLO and CLIENT.
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    // Nothing waits for a server that is away: it would be too late, and fill the memory.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    socketTimeout: SILENCE_MS,
    connectTimeout: CONNECT_MS,
    // A primary that has become a replica keeps its connections: the name may lead to the new one.
    reconnectOnError: ({ message }) => message.includes('READONLY'),
    retryStrategy: options.once === true ? null : retryMs,
  });
}

/** Longer each time, and not all processes at once. */
const retryMs = (times: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times - 1, 10)) * (0.75 + Math.random() / 2);
