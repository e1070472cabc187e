import { isIPv6 } from 'node:net';
import {
  type AddressClass,
  type Caller,
  type CallerClass,
  type Counted,
  type LimitState,
  refused,
} from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import { acceptsStream } from './accepts-stream.ts';

type Ports = Pick<ApiPorts, 'requestLimits'>;

/** @throws HoldfastError `rate_limited`, `rate_limiter_unavailable` */
export async function limitCaller(
  { requestLimits }: Ports,
  caller: Caller,
  rateClass: CallerClass,
  reply: FastifyReply,
): Promise<void> {
  tell(await requestLimits.caller(caller, rateClass), reply);
}

/** For requests of which nobody knows whose they are. @throws HoldfastError as above */
export async function limitAddress(
  { requestLimits }: Ports,
  rateClass: AddressClass,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  tell(await requestLimits.address(clientOf(request.ip), rateClass), reply);
}

/** For one that is refused already, which stands when nobody can count it. @throws HoldfastError `rate_limited` */
export async function countRefusal(
  { requestLimits }: Ports,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const counted = await requestLimits.address(clientOf(request.ip), 'auth');
  if (counted.type !== 'unavailable') tell(counted, reply);
}

/** What a request of a caller counts as, where its route does not say it. */
export function callerClass({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): CallerClass {
  if (method !== 'GET') return 'write';
  return acceptsStream(headers.accept) ? 'stream' : 'read';
}

function tell({ type, states }: Counted, reply: FastifyReply): void {
  // On the socket's own response, since a stream of events goes past Fastify.
  if (states.length > 0) {
    reply.raw.setHeader('ratelimit-policy', states.map(policyOf).join(', '));
    reply.raw.setHeader('ratelimit', states.map(stateOf).join(', '));
  }
  if (type === 'unavailable')
    throw refused('rate_limiter_unavailable', 'Requests cannot be counted now, and this one is not done uncounted.');
  const last = states.at(-1);
  if (type === 'let-in' || last === undefined) return;
  const { name, most, windowSeconds, resetSeconds } = last;
  reply.header('retry-after', String(resetSeconds));
  throw refused(
    'rate_limited',
    `More than ${most} requests in ${windowSeconds} s (limit ${name}). Try again in ${resetSeconds} s.`,
    [],
    { limit: name, retry_after_seconds: resetSeconds },
  );
}

/** draft-ietf-httpapi-ratelimit-headers, in the form it has had since -08. */
const policyOf = ({ name, most, windowSeconds }: LimitState): string => `"${name}";q=${most};w=${windowSeconds}`;
const stateOf = ({ name, remaining, resetSeconds }: LimitState): string => `"${name}";r=${remaining};t=${resetSeconds}`;

/** One client as far as an address tells: IPv6 hands out whole networks, so those count as one. */
export function clientOf(address: string): string {
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  while (groups.length + after.length < 8) groups.push('0');
  const network = [...groups, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
