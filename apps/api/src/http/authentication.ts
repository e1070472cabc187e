import { HoldfastError } from '@holdfast/contracts';
import {
  authenticate,
  type Authenticated,
  authenticatePlatform,
  type Credentials,
  isPlatformOperation,
  mayDo,
  type Operation,
  type PlatformCaller,
  type PlatformOperation,
  type RateClass,
  refused,
  rolesFor,
  TokenRefused,
} from '@holdfast/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import { credentialsOf } from './credentials.ts';
import { loginFor } from './login-for.ts';
import { callerClass, countRefusal, limitAddress, limitCaller } from './rate-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** null: open to everybody. */
    operation?: Operation | PlatformOperation | null;
    yaml?: boolean;
    /** What it does leaves a line in the audit log. */
    audited?: boolean;
    rate?: RateClass | null;
    form?: boolean;
    bytes?: boolean;
    /** It stands before pages: a browser is sent to the login. */
    page?: boolean;
  }
  interface FastifyRequest {
    caller: Authenticated | null;
    /** Of an operation above all tenants; whether they may, it says itself. */
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
  app.addHook('onRequest', async (request, reply) => {
    const { operation, rate, page } = request.routeOptions.config;
    if (operation === undefined || operation === null) {
      if (rate !== null) await limitAddress(ports, rate === 'auth' ? 'auth' : 'open', request, reply);
      return;
    }
    if (isPlatformOperation(operation)) {
      try {
        request.platformCaller = await letIn(ports, request, reply, (credentials) =>
          authenticatePlatform(ports, credentials, ports.clock.now()),
        );
      } catch (error) {
        const login = page === true && isUnauthenticated(error) ? loginFor(ports, request) : null;
        if (login === null) throw error;
        return reply.redirect(login, 302);
      }
      if (rate !== null) await limitAddress(ports, 'open', request, reply);
      if (!request.platformCaller.platformAdmin) {
        if (rate === null) await countRefusal(ports, request, reply);
        throw refused('forbidden', `${operation} takes the token of a platform admin.`);
      }
      return;
    }
    const caller = await letIn(ports, request, reply, (credentials) =>
      authenticate(ports, credentials, ports.clock.now()),
    );
    request.caller = caller;
    await limitCaller(ports, caller, rate === 'start' ? 'start' : callerClass(request), reply);
    const { roles } = caller.by;
    if (!mayDo(roles, operation))
      throw refused(
        'forbidden',
        `Your roles (${roles.join(', ') || 'none'}) do not include ${operation}, which takes ${rolesFor(operation).join(' or ')}.`,
      );
  });
}

const isUnauthenticated = (error: unknown): boolean =>
  error instanceof HoldfastError && error.code === 'unauthenticated';

/** Whoever is not let in too often is told to wait, whatever they bring then; who brings what is good is never held up. */
export async function letIn<T>(
  ports: ApiPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  enter: (credentials: Credentials) => Promise<T>,
): Promise<T> {
  try {
    return await enter(credentialsOf(request, ports.login));
  } catch (error) {
    if (error instanceof HoldfastError && [401, 403].includes(error.status)) await countRefusal(ports, request, reply);
    // Whoever is over the limit leaves no more lines.
    if (error instanceof Error && error.cause instanceof TokenRefused)
      await noteToken(ports, request, error.cause.reason);
    throw error;
  }
}

/** A database that takes no writes does not change the answer. */
async function noteToken({ refusedTokens, clock, log }: ApiPorts, request: FastifyRequest, reason: string) {
  const target = request.url.split('?')[0]?.slice(0, 500) ?? '';
  try {
    await refusedTokens.note({ reason, target, requestId: request.id, from: request.ip }, clock.now());
  } catch (error) {
    log.warn({ err: error, request_id: request.id }, 'a refused token could not be noted');
  }
}
