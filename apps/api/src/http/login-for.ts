import type { FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import { isFrom } from './trusted-proxies.ts';

/**
 * Where a browser logs in that has asked an edge for a page, to come back to that page; null = it is no browser, no edge
 * that is trusted says what was asked for, or there is no login.
 */
export function loginFor(
  { login, trustedProxies }: Pick<ApiPorts, 'login' | 'trustedProxies'>,
  request: FastifyRequest,
): string | null {
  const { authorization, accept, 'x-forwarded-uri': asked } = request.headers;
  const isBrowser = authorization === undefined && /\btext\/html\b/i.test(accept ?? '');
  if (login === null || !isBrowser || typeof asked !== 'string') return null;
  return isFrom(trustedProxies)(request.raw.socket.remoteAddress) ? login.address(asked) : null;
}
