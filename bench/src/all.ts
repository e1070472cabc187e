// Every bench, one after the other, each a process of its own. About 20 minutes, on a machine with nothing else to do.
//   node --conditions=holdfast-source --import tsx bench/src/all.ts [15 | 18]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const wanted = process.argv[2] ?? '15';
const benches: readonly [name: string, ...settings: string[]][] = [
  ['append', wanted],
  ['long-run'],
  ['long-run', '--on', 'temporal'],
  ['temporal'],
  ['versus', wanted],
  ['versus', 'pglite'],
  ['delivery', wanted],
  ['deltas'],
  ['streams', wanted],
  ['resume', wanted],
  ['waiting', wanted],
  ['flood', wanted],
];

for (const [name, ...settings] of benches) {
  console.log(`\n== ${[name, ...settings].join(' ')}`);
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const { status } = spawnSync(
    process.execPath,
    ['--conditions=holdfast-source', '--import', 'tsx', file, ...settings],
    {
      stdio: 'inherit',
    },
  );
  if (status !== 0) process.exitCode = 1;
}
