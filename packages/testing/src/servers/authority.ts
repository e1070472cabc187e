import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

export interface Authority {
  /** PEM. */
  readonly certificate: Buffer;
  /** A key, and a certificate for the name or address by this authority; PEM. In the folder, `<authority>-<name>.key` and `.pem`. */
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
      writeFileSync(join(folder, `${file}.ext`), `subjectAltName=${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}\n`);
      openssl('req', ...newKey, '-subj', `/CN=${host}`, '-keyout', `${file}.key`, '-out', `${file}.csr`);
      const by = ['-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial', '-days', '2'];
      openssl('x509', '-req', '-in', `${file}.csr`, ...by, '-extfile', `${file}.ext`, '-out', `${file}.pem`);
      return { key: readFileSync(join(folder, `${file}.key`)), cert: readFileSync(join(folder, `${file}.pem`)) };
    },
  };
}
