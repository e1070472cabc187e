import { execFile } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeFolder, serverFolder, serverOwner } from './server-process.ts';

export interface Certificates {
  /** PEM files. The server's certificate is for `localhost`, the client's for the user `certified`. */
  readonly ca: string;
  /** Another authority, from which none of these comes. */
  readonly otherCa: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  remove(): void;
}

/** Made by the program `openssl`; they belong to the user that servers run as. */
export async function makeCertificates(): Promise<Certificates> {
  const owner = serverOwner();
  const folder = serverFolder('certificates', owner);
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): Promise<unknown> => promisify(execFile)('openssl', args, { cwd: folder });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const authority = (name: string): Promise<unknown> =>
    openssl('req', '-x509', ...fresh, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`);
  const issued = async (name: string, subject: string, extension: string): Promise<{ cert: string; key: string }> => {
    writeFileSync(at(`${name}.ext`), extension);
    await openssl('req', ...fresh, '-subj', `/CN=${subject}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const from = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...from, '-out', `${name}.pem`);
    const made = { cert: at(`${name}.pem`), key: at(`${name}.key`) };
    if (owner !== undefined) for (const file of Object.values(made)) chownSync(file, owner.uid, owner.gid);
    return made;
  };
  await Promise.all([authority('ca'), authority('other')]);
  return {
    ca: at('ca.pem'),
    otherCa: at('other.pem'),
    server: await issued('server', 'localhost', 'subjectAltName=DNS:localhost'),
    client: await issued('client', 'certified', 'extendedKeyUsage=clientAuth'),
    remove: () => removeFolder(folder),
  };
}
