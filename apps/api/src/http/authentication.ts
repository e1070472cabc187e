import {
  authenticate,
  authenticatePlatform,
  type Authenticated,
  isPlatformOperation,
  mayDo,
  type Operation,
  type PlatformCaller,
  refused,
  rolesFor,
  TokenRefused,
} from '@holdfast/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import { credentialsOf } from './credentials.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** null: open to everybody. */
    operation?: Operation | null;
    yaml?: boolean;
  }
  interface FastifyRequest {
    caller: Authenticated | null;
    /** Of an operation of the platform. */
    platformCaller: PlatformCaller | null;
    /** Answered by a stream of events. */
    streamed: boolean;
  }
}

/** Who asks, and whether they may, before the body is read. An unknown route has no operation and stays unknown. */
export function authenticateRequests(app: FastifyInstance, ports: ApiPorts): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('platformCaller', null);
  app.decorateRequest('streamed', false);
  app.addHook('onRequest', async (request) => {
    const { operation } = request.routeOptions.config;
    if (operation === undefined || operation === null) return;
    try {
      const credentials = credentialsOf(request);
      if (isPlatformOperation(operation)) {
        request.platformCaller = await authenticatePlatform(ports, credentials);
        return;
      }
      request.caller = await authenticate(ports, credentials, ports.clock.now());
    } catch (error) {
      if (error instanceof Error && error.cause instanceof TokenRefused)
        await noteRefusal(ports, request, error.cause.reason);
      throw error;
    }
    const { roles } = request.caller.by;
    if (!mayDo(roles, operation))
      throw refused(
        'forbidden',
        `Your roles (${roles.join(', ') || 'none'}) do not include ${operation}, which takes ${rolesFor(operation).join(' or ')}.`,
      );
  });
}

/** A database that takes no writes does not change the answer. */
async function noteRefusal({ refusedTokens, clock, log }: ApiPorts, request: FastifyRequest, reason: string) {
  const target = request.url.split('?')[0]?.slice(0, 500) ?? '';
  try {
    await refusedTokens.note({ reason, target, requestId: request.id, from: request.ip }, clock.now());
  } catch (error) {
    log.warn({ err: error, request_id: request.id }, 'a refused token could not be noted');
  }
}
