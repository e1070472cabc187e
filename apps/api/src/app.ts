import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type Caller, isPlatformOperation, refused } from '@holdfast/core';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { audited, Watch } from './http/audited.ts';
import { authenticateRequests } from './http/authentication.ts';
import { parseBodies } from './http/body.ts';
import { check } from './http/check.ts';
import { withoutTenant } from './http/credentials.ts';
import { allowOrigins } from './http/cors.ts';
import { onClientError } from './http/client-error.ts';
import { type BodyTimes, limitBodies } from './http/limit-bodies.ts';
import { once } from './http/once.ts';
import { answerPlatform, askedBy } from './http/platform.ts';
import { documentOf, told } from './http/problem.ts';
import { requestIds } from './http/request-id.ts';
import type { Answer, Route, TenantRoute } from './http/route.ts';
import { secure, secureAnswers } from './http/security-headers.ts';
import type { ApiPorts } from './ports.ts';
import { referenceRoutes } from './routes/reference/routes.ts';
import { routes } from './routes/routes.ts';
import { GUARD_MS } from './sse/stream-guard.ts';

/** Of operations that carry content, and of all others. */
const CONTENT_BYTES = 1024 * 1024;
const BODY_BYTES = 64 * 1024;
/** From a connection to the end of its headers, ms. */
const HEADERS_MS = 15_000;
const bodyTimes: BodyTimes = { wholeMs: 30_000, pieceMs: 30_000 };
const SWEEP_MS = 15_000;

const allRoutes = [...routes, ...referenceRoutes(routes)];

/** The HTTP side, listening nowhere yet. `close()` ends every open stream. */
export function buildApp(ports: ApiPorts, times: BodyTimes = bodyTimes): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    // Each body has its own time: see `limitBodies`.
    requestTimeout: 0,
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: 5_000 },
    routerOptions: { maxParamLength: 500 },
    genReqId: requestIds(ports.trustedProxies),
    // The address of a request is the last one that they did not add; without them, that of the connection.
    trustProxy: ports.trustedProxies.length === 0 ? false : [...ports.trustedProxies],
    rewriteUrl: withoutTenant,
    clientErrorHandler: onClientError,
    // No hook has seen such a request.
    frameworkErrors: (error, request, reply) => {
      secure(reply.raw);
      fail(ports, error, request, reply);
    },
  });
  secureAnswers(app);
  parseBodies(app);
  const watch = new Watch(ports);
  app.setErrorHandler(async (error, request, reply) => {
    await noteRefusal(ports, watch, error, request);
    fail(ports, error, request, reply);
    return reply;
  });
  app.setNotFoundHandler((request, reply) =>
    fail(
      ports,
      refused('route_not_found', `There is no ${request.method} ${request.url.split('?')[0]}.`),
      request,
      reply,
    ),
  );
  limitBodies(app, times);
  allowOrigins(app, ports.corsOrigins);
  authenticateRequests(app, ports);
  tellRequests(app, ports);
  for (const route of allRoutes) register(app, ports, watch, route);
  refuseOtherMethods(app, ports);

  const silent = silentConnections(app);
  const sweep = setInterval(() => {
    ports.streams.sweep().catch((error: unknown) => ports.log.warn({ err: error }, 'the sweep of open streams failed'));
    ports.refusedTokens
      .sweep(ports.clock.now())
      .catch((error: unknown) => ports.log.warn({ err: error }, 'refused tokens could not be noted'));
  }, SWEEP_MS);
  sweep.unref();
  const streamWatch = setInterval(() => {
    ports.guard.sweep().catch((error: unknown) => ports.log.warn({ err: error }, 'open streams could not be checked'));
  }, GUARD_MS);
  streamWatch.unref();
  app.addHook('preClose', (done) => {
    clearInterval(sweep);
    clearInterval(streamWatch);
    ports.streams.close();
    for (const socket of silent) socket.destroy();
    done();
  });
  return app;
}

/** Connections that have asked nothing yet, as HTTP clients keep in reserve: Node takes them for busy and waits. */
function silentConnections({ server }: FastifyInstance): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return silent;
}

function register(app: FastifyInstance, ports: ApiPorts, watch: Watch, route: Route): void {
  const { method, url, operation, yaml, form, rate } = route;
  app.route({
    method,
    url,
    exposeHeadRoute: false,
    ...(route.content === true ? { bodyLimit: CONTENT_BYTES } : {}),
    config: {
      operation,
      yaml,
      form,
      ...(route.bytes === true ? { bytes: true } : {}),
      page: route.within === 'platform' && route.page,
      audited: route.within === 'platform' || route.audit !== undefined,
      ...(rate === undefined ? {} : { rate }),
    },
    handler: async (request, reply) =>
      send(
        ports,
        reply,
        route.within === 'platform'
          ? await answerPlatform(ports, watch, route, request)
          : await answerTenant(ports, watch, route, request, reply),
      ),
  });
}

async function answerTenant(
  ports: ApiPorts,
  watch: Watch,
  route: TenantRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Answer> {
  const params = check(route.params, request.params, 'path');
  const query = check(route.query, request.query, 'query');
  const body = route.bytes === true ? undefined : check(route.body, request.body ?? undefined, 'body');
  // Routes without an operation never look at the caller.
  const caller = request.caller ?? nobody;
  const asked = { params, body };
  const answer = await route.handle(ports, {
    caller,
    params,
    query,
    body,
    request,
    reply,
    bytes: route.bytes === true ? bytesOf(request) : Readable.from([]),
    audited: route.audit !== undefined,
    once: (prepare, work, discard) =>
      once(ports, caller, request, {
        prepare,
        work: (stores, prepared) => audited(ports, route, caller, request, asked, stores, () => work(stores, prepared)),
        discard,
      }),
    change: (work) =>
      ports.transactions.run(caller, (stores) =>
        audited(ports, route, caller, request, asked, stores, () => work(stores)),
      ),
  });
  if (route.method === 'GET' && route.audit !== undefined && route.operation !== null)
    await watch.note(route.operation, caller, request, null);
  return answer;
}

/** @throws HoldfastError `unsupported_media_type`. */
function bytesOf({ body }: FastifyRequest): Readable {
  if (body instanceof Readable) return body;
  throw refused('unsupported_media_type', 'Send the bytes as application/octet-stream.');
}

/** Who asks a route that never looks at the caller. */
const nobody: Caller = { tenant: '', by: { type: 'system', id: 'nobody', roles: [] } };

/** Somebody known has asked for what they may not do, where doing it would leave a line. */
async function noteRefusal(ports: ApiPorts, watch: Watch, error: unknown, request: FastifyRequest): Promise<void> {
  const { caller, platformCaller } = request;
  const { operation, audited: isAudited } = request.routeOptions.config;
  if (operation == null || isAudited !== true) return;
  const { status, code } = told(error, request.id);
  if (status !== 403) return;
  try {
    if (isPlatformOperation(operation)) {
      if (platformCaller !== null) await watch.notePlatform(operation, askedBy(platformCaller, request), code);
    } else if (caller !== null) await watch.note(operation, caller, request, code);
  } catch (failure) {
    // The refusal holds all the same.
    ports.log.error({ err: failure, request_id: request.id }, 'a refusal could not be written to the audit log');
  }
}

/** A known path with another method is 405 and says which it has. */
function refuseOtherMethods(app: FastifyInstance, ports: ApiPorts): void {
  for (const url of new Set(allRoutes.map((known) => known.url))) {
    const allowed: string[] = allRoutes.filter((known) => known.url === url).map(({ method }) => method);
    app.route({
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((method) => !allowed.includes(method)),
      url,
      // Before the body is read, whose type and size do not matter.
      onRequest: (request, reply) => {
        reply.header('allow', allowed.join(', '));
        fail(ports, refused('method_not_allowed', `${url} has ${allowed.join(', ')}.`), request, reply);
        return Promise.resolve(reply);
      },
      handler: (_request, reply) => Promise.resolve(reply),
    });
  }
}

function send({ log }: ApiPorts, reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer === 'taken') return reply;
  reply.status(answer.status).header('x-request-id', reply.request.id);
  if ('headers' in answer && answer.headers !== undefined) reply.headers(answer.headers);
  if ('bytes' in answer)
    return reply.send(Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.byteLength));
  if ('text' in answer) return reply.send(answer.text);
  if ('stream' in answer) {
    const stream = Readable.from(answer.stream);
    const headers = Object.keys(answer.headers ?? {});
    stream.once('error', (error: unknown) => {
      if (reply.raw.headersSent) {
        // All that the client sees is that the answer breaks off.
        log.error({ err: error, request_id: reply.request.id }, 'an answer was broken off');
        return;
      }
      // It is refused like any other request, and the refusal is no file that may be kept for a year.
      for (const name of headers) reply.removeHeader(name);
      secure(reply.raw);
    });
    return reply.send(stream);
  }
  if (!('json' in answer)) return reply.send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(answer.json));
}

function fail(ports: ApiPorts, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failure = told(error, request.id);
  const { code, status } = failure;
  if (status >= 500) ports.log.error({ err: error, request_id: request.id, code }, 'a request failed');
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 503 || code === 'idempotency_in_flight') reply.header('retry-after', '1');
  void reply
    .status(status)
    .headers({ 'content-type': 'application/problem+json', 'x-request-id': request.id })
    // As bytes: to a string Fastify adds a charset, which this media type does not have.
    .send(Buffer.from(JSON.stringify(documentOf(failure, request.id))));
}

/** One line a request, without its body, query or headers; and its numbers. */
function tellRequests(app: FastifyInstance, { log, metrics }: ApiPorts): void {
  app.addHook('onResponse', (request, reply, done) => {
    // A stream lasts as long as it is listened to; it has a number of its own.
    if (!request.streamed) {
      const route = request.routeOptions.url ?? 'unknown';
      metrics.http.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1_000);
    }
    const facts = {
      request_id: request.id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      tenant: request.caller?.tenant ?? null,
      key: (request.caller ?? request.platformCaller)?.by.id ?? null,
    };
    log.info(facts, 'request');
    done();
  });
}
