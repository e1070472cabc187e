import type { PlatformCaller, PlatformRequest } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import { sourceOf, type Watch } from './audited.ts';
import { check } from './check.ts';
import type { Answer, PlatformRoute } from './route.ts';

/** What a route above all tenants answers. */
export async function answerPlatform(
  ports: ApiPorts,
  watch: Watch,
  route: PlatformRoute,
  request: FastifyRequest,
): Promise<Answer> {
  const { platformCaller } = request;
  if (platformCaller?.platformAdmin !== true) throw new Error(`${route.operation} was let in without a platform admin`);
  const who = askedBy(platformCaller, request);
  const params = check(route.params, request.params, 'path');
  const query = check(route.query, request.query, 'query');
  const body = check(route.body, request.body ?? undefined, 'body');
  const answer = await route.handle(ports, { who, params, query, body, request });
  if (route.watched) await watch.notePlatform(route.operation, who, null);
  return answer;
}

/** For audit lines: who, from where, and about which request. */
export const askedBy = ({ by }: PlatformCaller, request: FastifyRequest): PlatformRequest => ({
  by,
  requestId: request.id,
  from: sourceOf(request),
});
