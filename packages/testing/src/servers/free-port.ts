import { randomInt } from 'node:crypto';
import { createServer, type ListenOptions } from 'node:net';

// Below those from which systems take the ports of outgoing connections (Linux from 32768, others from 49152): while a
// server is dead, a connection could get its port, and it could not be started again there.
const LOWEST = 16_000;
const HIGHEST = 32_767;

// One after the other, so that this process gives none twice before somebody listens there.
let last = randomInt(LOWEST, HIGHEST + 1);
const next = (): number => (last = last === HIGHEST ? LOWEST : last + 1);

/** A port of 127.0.0.1 that was free a moment ago, and that no outgoing connection takes. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next();
    if (await isFree(port)) return port;
  }
}

/** As `freePort`; the port above it was free, too: that of the development login beside an API. */
export async function freePortWithNext(): Promise<number> {
  for (;;) {
    const [port, above] = [next(), next()];
    if (above === port + 1 && (await isFree(port)) && (await isFree(above))) return port;
  }
}

/** Reserved before it is probed: a probe would be in the way of a server that another test process starts there. */
const isFree = async (port: number): Promise<boolean> =>
  (await isReserved(port)) && (await canListen({ host: '127.0.0.1', port }, 'for a moment'));

/**
 * For this process, as long as it lives: others begin elsewhere, but come by, also where a server is dead for a while. The
 * name of a socket without a file ends with its process, even when that is killed. Only Linux has such names.
 */
const isReserved = async (port: number): Promise<boolean> =>
  process.platform !== 'linux' || (await canListen({ path: `\0holdfast-port-${port}` }, 'for good'));

function canListen(at: ListenOptions, howLong: 'for a moment' | 'for good'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().unref();
    server.once('error', () => resolve(false));
    server.listen(at, () => {
      if (howLong === 'for good') resolve(true);
      else server.close(() => resolve(true));
    });
  });
}
