import { connect, createServer, type Socket } from 'node:net';

/** Stands in front of a server; the way can be cut, and healed. */
export interface TcpFront {
  /** host:port */
  readonly address: string;
  /** Nothing passes any more, and nobody is told: as when a cable is pulled. */
  cut(): void;
  /** What was under way is reset; new connections pass. */
  heal(): void;
  close(): void;
}

export async function tcpFront(behind: string): Promise<TcpFront> {
  const [host = '', port = ''] = behind.split(':');
  const open = new Set<Socket>();
  let whole = true;
  const server = createServer((outer) => {
    const inner = connect(Number(port), host);
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      open.add(one);
      one.on('data', (data) => whole && other.write(data));
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        if (whole) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('listens on no port');
  const reset = (): void => open.forEach((socket) => socket.destroy());
  return {
    address: `127.0.0.1:${bound.port}`,
    cut: () => {
      whole = false;
    },
    heal: () => {
      reset();
      whole = true;
    },
    close: () => {
      reset();
      server.close();
    },
  };
}
