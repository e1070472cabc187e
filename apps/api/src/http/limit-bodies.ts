import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { onClientError } from './client-error.ts';

/** For a whole body to be there, and in which something must come of one that may have any size, ms. */
export interface BodyTimes {
  readonly wholeMs: number;
  readonly pieceMs: number;
}

/** Whoever sends a body slowly holds a connection. Node has one time for all requests, which large files do not fit into. */
export function limitBodies(app: FastifyInstance, { wholeMs, pieceMs }: BodyTimes): void {
  app.addHook('onRequest', ({ raw, routeOptions }, _reply, done) => {
    const { socket } = raw;
    const hasBody = 'content-length' in raw.headers || 'transfer-encoding' in raw.headers;
    // What was injected has none, and is there at once.
    if (hasBody && socket instanceof Socket) {
      const anySize = routeOptions.config.bytes === true;
      let seen = socket.bytesRead;
      const watch = setInterval(
        () => {
          if (raw.complete) return;
          const grows = anySize && socket.bytesRead > seen;
          seen = socket.bytesRead;
          if (!grows)
            onClientError(Object.assign(new Error('the body is late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
        },
        anySize ? pieceMs : wholeMs,
      );
      const stop = (): void => clearInterval(watch);
      raw.once('end', stop);
      raw.once('close', stop);
    }
    done();
  });
}
