import { addressOf, type RedisSettings } from './settings.ts';

/** One sentence about what is wrong and what to do, without a password. */
export function explainFailure(error: unknown, settings: RedisSettings): string {
  const at = addressOf(settings);
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const who = settings.username === null ? 'the user default' : `the user ${settings.username}`;
  switch (code) {
    case 'ECONNREFUSED':
      return `Nobody listens at ${at}. Is the server up, and REDIS_URL right?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name ${settings.host} is not known here. Is REDIS_URL right?`;
    case 'ETIMEDOUT':
      if (settings.tls === null) return unreachable(at, code);
      // A server without TLS waits for the rest of what it takes for a command.
      return `${unreachable(at, code)} Or does it speak no TLS there? Then use redis://, in a network of your own.`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return unreachable(at, code);
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `The certificate of ${at} comes from an authority that is not trusted here. Name the file of its authority in REDIS_TLS_CA_PATH.`;
    case 'CERT_HAS_EXPIRED':
      return `The certificate of ${at} has expired. Renew it.`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The certificate of ${at} is not for the name ${settings.host}. Use a name that stands in it, or issue another one.`;
  }
  if (settings.tls !== null && /wrong version number|packet length too long|EPROTO/i.test(`${code} ${message}`))
    return `${at} speaks no TLS. Use the port on which it does, or redis:// in a network of your own.`;
  if (message.startsWith('WRONGPASS'))
    return `${at} refuses ${who} or its password, or that user is off. Put them right in REDIS_URL.`;
  if (message.startsWith('NOAUTH'))
    return `${at} asks for a user and a password. Add them: REDIS_URL=redis${settings.tls === null ? '' : 's'}://user:password@${at}.`;
  if (refusals.test(message))
    return `${who} lacks a right at ${at}: ${message.replace(/^(NOPERM|ERR) /, '')}. deploy/valkey/users.acl has all that are needed.`;
  if (message.includes('DB index')) return `${at} has no database ${settings.database}. Put it right in REDIS_URL.`;
  if (message.startsWith('LOADING')) return `${at} still loads its data.`;
  if (message.startsWith('READONLY'))
    return `${at} is a replica, which takes no writes. Name the primary in REDIS_URL.`;
  if (message.startsWith('Socket timeout') || message === 'Command timed out')
    return `${at} does not answer. Is it overloaded, or stopped?`;
  if (code === 'ECONNRESET' || message === CLOSED)
    return settings.tls === null
      ? `${at} has closed the connection. If it did so at once: does it speak TLS there? Then use rediss://.`
      : `${at} has closed the connection.`;
  return `${at}: ${message}`;
}

const unreachable = (at: string, code: string): string =>
  `${at} cannot be reached from here (${code}). Is REDIS_URL right, and the way to it open?`;

/** Refusals of what a script does differ from server to server. */
const refusals = /^(NOPERM|ERR ACL failure in script:|ERR The user executing the script) /;

/** What the library says of a connection that ended without an error. */
const CLOSED = 'Connection is closed.';

export const connectionClosed = (): Error => new Error(CLOSED);
