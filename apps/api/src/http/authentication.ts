import { HoldfastError } from '@holdfast/contracts';
import { authenticate, type Caller, mayDo, type Operation, type RateClass, refused, rolesFor } from '@holdfast/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import { callerClass, countRefusal, limitAddress, limitCaller } from './rate-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** null: open to everybody. */
    operation?: Operation | null;
    yaml?: boolean;
    /** What it does leaves a line in the audit log. */
    audited?: boolean;
    rate?: RateClass | null;
  }
  interface FastifyRequest {
    caller: Caller | null;
    /** Answered by a stream of events. */
    streamed: boolean;
  }
}

/** Who asks, and whether they may, before the body is read. An unknown route has no operation and stays unknown. */
export function authenticateRequests(app: FastifyInstance, ports: ApiPorts): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('streamed', false);
  app.addHook('onRequest', async (request, reply) => {
    const { operation, rate } = request.routeOptions.config;
    if (operation === undefined || operation === null) {
      if (rate !== null) await limitAddress(ports, rate === 'auth' ? 'auth' : 'open', request, reply);
      return;
    }
    const caller = await letIn(ports, request, reply);
    request.caller = caller;
    await limitCaller(ports, caller, rate === 'start' ? 'start' : callerClass(request), reply);
    if (!mayDo(caller.by.roles, operation))
      throw refused(
        'forbidden',
        `Your key's roles (${caller.by.roles.join(', ')}) do not include ${operation}, which takes ${rolesFor(operation).join(' or ')}.`,
      );
  });
}

/** Whoever is not let in too often is told to wait, whatever they bring then; who brings what is good is never held up. */
async function letIn(
  { keys, clock, ...ports }: ApiPorts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Caller> {
  try {
    return await authenticate(keys, request.headers.authorization, clock.now());
  } catch (error) {
    if (error instanceof HoldfastError && error.status === 401) await countRefusal(ports, request, reply);
    throw error;
  }
}
