import { getRun, refused, type RunRef, type RunView } from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import { credentialsOf } from './credentials.ts';

const LONGEST_S = 60;

/** For the documents of the routes that take it. */
export const preferWait = 'With `wait=N` (1 to 60) the answer comes when the run has ended, or after N seconds.';

/** Seconds of `Prefer: wait=N` (RFC 7240), at most 60; null when it is not there. What cannot be met is ignored. */
export function preferredWait({ headers }: Pick<FastifyRequest, 'headers'>): number | null {
  const given = [headers['prefer'] ?? []].flat().join(',');
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(given) ?? [];
  const wanted = Number(seconds ?? 0);
  return wanted < 1 ? null : Math.min(wanted, LONGEST_S);
}

/**
 * The run once it has ended, or as it stands after `seconds`. Whoever hangs up ends the wait.
 * @throws HoldfastError `key_expired` when the caller is let in no longer.
 */
export async function viewAfter(
  ports: ApiPorts,
  { raw, request }: FastifyReply,
  ref: RunRef,
  seconds: number,
): Promise<RunView> {
  const gone = new AbortController();
  const hangUp = (): void => gone.abort();
  raw.once('close', hangUp);
  if (raw.closed) hangUp();
  let denied = false;
  const unwatch = ports.guard.watch(credentialsOf(request, ports.login), 'runs.get', () => {
    denied = true;
    gone.abort();
  });
  try {
    await ports.streams.ends.wait(ref, seconds * 1_000, gone.signal);
  } finally {
    raw.off('close', hangUp);
    unwatch();
  }
  if (denied) throw refused('key_expired', 'What let you in has ended while the request waited.');
  return getRun(ports, ref);
}
