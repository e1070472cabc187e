// Looks into an image of Holdfast and runs the product in it:
//   node --conditions=holdfast-source --import tsx tests/images/check-image.ts [image] [word that may be nowhere]…
// As root, with a Docker engine (scripts/docker-engine.sh), and Postgres for API and workers (scripts/servers.sh).
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { postgresVersions } from '@holdfast/testing/servers';
import { faultsOf } from './faults.ts';
import { unpackImage } from './layers.ts';
import { runApart } from './run-apart.ts';
import { runStandalone } from './run-standalone.ts';
import { sbomDifferences } from './sbom-differences.ts';

const [image = 'holdfast:0.1.0', ...words] = process.argv.slice(2);
const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(0)} MiB`;
const faults: string[] = [];

const folder = mkdtempSync(join('/var/tmp', 'holdfast-image-'));
try {
  const unpacked = unpackImage(image, folder);
  const sum = (of: 'bytes' | 'packedBytes'): number => unpacked.layers.reduce((total, layer) => total + layer[of], 0);
  console.log(`${image}: ${mib(sum('bytes'))}, packed ${mib(sum('packedBytes'))}`);
  for (const { digest, bytes, files } of unpacked.layers)
    console.log(`  layer ${digest}  ${mib(bytes)}  ${files.length} files`);
  faults.push(...faultsOf(unpacked, words), ...sbomDifferences(unpacked));
} finally {
  rmSync(folder, { recursive: true });
}

for (const fault of faults) console.error(`fault: ${fault}`);

console.log(`  standalone: ${await runStandalone(image)}`);
const postgres = postgresVersions().at(-1);
if (postgres === undefined) throw new Error('API and workers need Postgres: bash scripts/servers.sh install');
console.log(`  api, worker, migrate: ${await runApart(image, postgres)}`);

console.log(`${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
