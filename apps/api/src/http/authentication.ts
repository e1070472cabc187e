import { authenticate, type Caller, mayDo, type Operation, refused, rolesFor } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import type { ApiPorts } from '../ports.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** null: open to everybody. */
    operation?: Operation | null;
    yaml?: boolean;
    /** What it does leaves a line in the audit log. */
    audited?: boolean;
  }
  interface FastifyRequest {
    caller: Caller | null;
    /** Answered by a stream of events. */
    streamed: boolean;
  }
}

/** Who asks, and whether they may, before the body is read. An unknown route has no operation and stays unknown. */
export function authenticateRequests(app: FastifyInstance, { keys, clock }: ApiPorts): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('streamed', false);
  app.addHook('onRequest', async (request) => {
    const { operation } = request.routeOptions.config;
    if (operation === undefined || operation === null) return;
    const caller = await authenticate(keys, request.headers.authorization, clock.now());
    request.caller = caller;
    if (!mayDo(caller.by.roles, operation))
      throw refused(
        'forbidden',
        `Your key's roles (${caller.by.roles.join(', ')}) do not include ${operation}, which takes ${rolesFor(operation).join(' or ')}.`,
      );
  });
}
