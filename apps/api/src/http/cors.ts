import type { FastifyInstance } from 'fastify';

/** What a page may send, and read beside the body. */
const sent = 'authorization, content-type, idempotency-key, last-event-id, if-match, holdfast-tenant';
const read = 'x-request-id, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, etag, content-disposition';

/**
 * Lets pages of these origins use the API from a browser. They need a key or a token all the same: without
 * credentials mode browsers send no session, and its CSRF header is not among those allowed. Without any origin nothing is added, and browsers refuse.
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.addHook('onRequest', async (request, reply) => {
    const { raw } = reply;
    // On the socket's own response, since a stream of events goes past Fastify.
    raw.setHeader('vary', 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return;
    raw.setHeader('access-control-allow-origin', origin);
    raw.setHeader('access-control-expose-headers', read);
    if (request.method !== 'OPTIONS') return;
    raw.setHeader('access-control-allow-methods', 'GET, POST, PUT, DELETE');
    raw.setHeader('access-control-allow-headers', sent);
    raw.setHeader('access-control-max-age', '600');
    await reply.status(204).send();
  });
}
