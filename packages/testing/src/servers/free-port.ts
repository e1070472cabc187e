import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below those from which systems take the ports of outgoing connections (Linux from 32768, others from 49152): while a
// server is dead, a connection could get its port, and it could not be started again there.
const LOWEST = 16_000;
const HIGHEST = 32_767;

// One after the other, so that this process gives none twice before somebody listens there; other processes begin elsewhere.
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

/** Listens there for a moment. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
