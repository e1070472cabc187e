import { connect as connectTcp } from 'node:net';
import { createServer } from 'node:tls';

/** TLS in front of a server that speaks none; `clients` = the authority that must have issued a client's certificate. */
export async function tlsFront(
  behind: string,
  own: { readonly key: Buffer; readonly cert: Buffer },
  clients: Buffer | null,
): Promise<{ readonly address: string; close(): void }> {
  const [host = '', port = ''] = behind.split(':');
  const server = createServer(
    {
      ...own,
      ALPNProtocols: ['h2'],
      ...(clients === null ? {} : { ca: clients, requestCert: true, rejectUnauthorized: true }),
    },
    (socket) => {
      const inner = connectTcp(Number(port), host);
      socket.pipe(inner).pipe(socket);
      const end = (): void => {
        socket.destroy();
        inner.destroy();
      };
      for (const each of [socket, inner]) each.on('error', end).on('close', end);
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('listens on no port');
  return { address: `127.0.0.1:${bound.port}`, close: () => server.close() };
}
