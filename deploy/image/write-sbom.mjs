// Writes what the image is made of, as CycloneDX: npm's packages that run, Debian's, and Node. The same commit on the same
// base gives the same file.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

const made = ['apps/standalone', 'apps/cli'].map((workspace) => `--workspace=${workspace}`);
// From the lockfile: npm refuses to describe a folder in which what is for development is missing.
const bom = JSON.parse(
  run(
    'npm',
    'sbom',
    '--sbom-format=cyclonedx',
    '--sbom-type=application',
    '--omit=dev',
    '--package-lock-only',
    ...made,
  ),
);

const debian = run('dpkg-query', '--show', '--showformat=${Package}\\t${Version}\\t${Architecture}\\n')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([name, version, arch]) => ({
    'bom-ref': `deb:${name}:${arch}`,
    type: 'library',
    name,
    version,
    purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}`,
  }));
const node = {
  'bom-ref': 'node',
  type: 'platform',
  name: 'node',
  version: process.versions.node,
  purl: `pkg:generic/node@${process.versions.node}`,
};

const components = [...bom.components, ...debian, node].map(({ externalReferences, ...component }) => ({
  ...component,
  // Where a package was fetched from may be a registry of one's own; its purl says what it is.
  externalReferences: (externalReferences ?? []).filter(({ type }) => type !== 'distribution'),
}));
const digest = createHash('sha256').update(JSON.stringify(components)).digest('hex');
const serial = [8, 4, 4, 4, 12].reduce(
  ({ at, parts }, length) => ({ at: at + length, parts: [...parts, digest.slice(at, at + length)] }),
  { at: 0, parts: [] },
);
writeFileSync(
  file,
  `${JSON.stringify(
    {
      ...bom,
      serialNumber: `urn:uuid:${serial.parts.join('-')}`,
      metadata: {
        ...bom.metadata,
        // npm takes the folder's.
        component: { ...bom.metadata.component, name: 'holdfast' },
        timestamp: new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1_000).toISOString(),
      },
      components,
    },
    null,
    1,
  )}\n`,
);
