import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** Of every answer that does not say otherwise: no browser runs, frames, guesses or keeps what is data. */
export const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-permitted-cross-domain-policies': 'none',
  'cache-control': 'no-store',
} as const;

/** Two years, as lists of browsers ask for. */
const HSTS = 'max-age=63072000; includeSubDomains';

/** On the socket's own response, since a stream of events goes past Fastify; what a route sets itself wins. */
export function secure(response: ServerResponse): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
}

/** Before anything that may answer. */
export function secureAnswers(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    secure(reply.raw);
    // Over plain HTTP it means nothing. Only a trusted edge may say that it was HTTPS.
    if (request.protocol === 'https') reply.raw.setHeader('strict-transport-security', HSTS);
    done();
  });
}
