import { authenticate, type Caller, mayDo, type Operation, refused, rolesFor } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import type { ApiPorts } from '../ports.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** null: open to everybody. */
    operation?: Operation | null;
    yaml?: boolean;
    form?: boolean;
  }
  interface FastifyRequest {
    caller: Caller | null;
    /** Answered by a stream of events. */
    streamed: boolean;
  }
}

/** Who asks, and whether they may, before the body is read. An unknown route has no operation and stays unknown. */
export function authenticateRequests(app: FastifyInstance, { keys, clock, login }: ApiPorts): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('streamed', false);
  app.addHook('onRequest', async (request) => {
    const { operation } = request.routeOptions.config;
    if (operation === undefined || operation === null) return;
    // From here on a session is its token, also for what looks again later, such as an open stream.
    const session = request.headers.authorization === undefined ? await login?.authorization(request) : undefined;
    if (session !== undefined) request.headers.authorization = session;
    const caller = await authenticate(keys, request.headers.authorization, clock.now());
    request.caller = caller;
    if (!mayDo(caller.by.roles, operation))
      throw refused(
        'forbidden',
        `Your key's roles (${caller.by.roles.join(', ')}) do not include ${operation}, which takes ${rolesFor(operation).join(' or ')}.`,
      );
  });
}
