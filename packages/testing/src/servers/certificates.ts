import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { authority } from './authority.ts';
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

/** They belong to the user that servers run as. */
export function makeCertificates(): Certificates {
  const owner = serverOwner();
  const folder = serverFolder('certificates', owner);
  const ca = authority(folder, 'ca');
  authority(folder, 'other');
  const at = (name: string): string => join(folder, name);
  const issued = (name: string): { cert: string; key: string } => {
    ca.issue(name);
    const made = { cert: at(`ca-${name}.pem`), key: at(`ca-${name}.key`) };
    if (owner !== undefined) for (const file of Object.values(made)) chownSync(file, owner.uid, owner.gid);
    return made;
  };
  return {
    ca: at('ca.pem'),
    otherCa: at('other.pem'),
    server: issued('localhost'),
    client: issued('certified'),
    remove: () => removeFolder(folder),
  };
}
