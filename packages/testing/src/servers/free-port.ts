import { createServer } from 'node:net';

/** A port of 127.0.0.1 that was free a moment ago; somebody else may take it, so retry the start. */
export const freePort = (): Promise<number> => listening(0);

/** As `freePort`; the port above it was free, too: that of the development login beside an API. */
export async function freePortWithNext(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const isNextFree = await listening(port + 1).then(
      () => true,
      () => false,
    );
    if (isNextFree) return port;
  }
}

/** Listens there for a moment; 0 = on any port. Resolves with the port. */
function listening(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}
