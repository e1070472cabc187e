// Writes what the image is made of, as CycloneDX: npm's packages as they lie there, Debian's, and Node. (`npm sbom` leaves out
// what is for development as well, and refuses a folder without that.) The same commit on the same base gives the same file.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, lockfile, file] = process.argv.slice(2);
const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
const locked = json(lockfile).packages;

const packages = ['packages', 'apps'].flatMap((kind) =>
  readdirSync(join(folder, kind)).map((name) => `${kind}/${name}`),
);
const found = [...packages, ...['', ...packages].flatMap((path) => installed(join(path, 'node_modules')))]
  .toSorted((left, right) => (left < right ? -1 : 1))
  .map((path) => component(path, json(folder, path, 'package.json')));
// Two copies of one version are one component.
const npm = [...new Map(found.map((part) => [part.purl, part])).values()];

const debian = execFileSync('dpkg-query', ['--show', '--showformat=${Package}\t${Version}\t${Architecture}\n'], {
  encoding: 'utf8',
})
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([name, version, architecture]) => {
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
    return { 'bom-ref': purl, type: 'library', name, version, purl };
  });
const node = { type: 'platform', name: 'node', version: process.versions.node, licenses: [{ license: { id: 'MIT' } }] };

const root = json(folder, 'package.json');
const components = [...npm, ...debian, { 'bom-ref': 'node', ...node, purl: `pkg:generic/node@${node.version}` }];
const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${uuidOf(JSON.stringify(components))}`,
  version: 1,
  metadata: {
    timestamp: new Date(Number(process.env.COMMIT_TIME ?? 0) * 1_000).toISOString(),
    component: { 'bom-ref': root.name, type: 'application', name: root.name, version: root.version },
  },
  components,
};
writeFileSync(file, `${JSON.stringify(bom, null, 1)}\n`);

/** Paths of all packages below a node_modules, nested ones too; links lead to members of the workspace. */
function installed(modules) {
  if (!existsSync(join(folder, modules))) return [];
  return readdirSync(join(folder, modules), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@')
        ? readdirSync(join(folder, modules, name), { withFileTypes: true })
            .filter((entry) => entry.isDirectory())
            .map((entry) => join(modules, name, entry.name))
        : [join(modules, name)],
    )
    .filter((path) => existsSync(join(folder, path, 'package.json')))
    .flatMap((path) => [path, ...installed(join(path, 'node_modules'))]);
}

function component(path, { name, version, license }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [algorithm, hash] = locked[path]?.integrity?.split('-') ?? [];
  return {
    'bom-ref': purl,
    type: 'library',
    name,
    version,
    purl,
    ...(typeof license === 'string' ? { licenses: [{ expression: license }] } : {}),
    ...(algorithm === 'sha512'
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }] }
      : {}),
  };
}

function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
