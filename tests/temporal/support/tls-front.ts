import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';

export interface Authority {
  /** PEM. */
  readonly certificate: Buffer;
  /** A key, and a certificate for the name by this authority; PEM. */
  issue(name: string): { readonly key: Buffer; readonly cert: Buffer };
}

/** An authority of its own, in the folder. */
export function authority(folder: string, name: string): Authority {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  );
  return {
    certificate: readFileSync(join(folder, `${name}.pem`)),
    issue: (host) => {
      const file = `${name}-${host}`;
      writeFileSync(join(folder, `${file}.ext`), `subjectAltName=DNS:${host}\n`);
      openssl('req', ...newKey, '-subj', `/CN=${host}`, '-keyout', `${file}.key`, '-out', `${file}.csr`);
      const by = ['-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial', '-days', '2'];
      openssl('x509', '-req', '-in', `${file}.csr`, ...by, '-extfile', `${file}.ext`, '-out', `${file}.pem`);
      return { key: readFileSync(join(folder, `${file}.key`)), cert: readFileSync(join(folder, `${file}.pem`)) };
    },
  };
}

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
