// What the lockfile brings: where from, under which licences, and what is known against it.
// HOLDFAST_REQUIRE_AUDIT=1: it fails, too, when no registry answers audits.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const licences =
  '0BSD|Apache-2.0|Apache-2.0 AND MIT|BlueOak-1.0.0|BSD-2-Clause|BSD-3-Clause|ISC|MIT|MPL-2.0|Unlicense|(AFL-2.1 OR BSD-3-Clause)|(MIT OR CC0-1.0)'.split(
    '|',
  );
/** Looked at by hand: data for builds (CC-BY-4.0); MIT, says its README; Unlicense, says its file. */
const known = ['caniuse-lite', '@modelcontextprotocol/server-filesystem', 'unionfs'];

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const problems = [];
let seen = 0;
for (const [path, { license, link, resolved }] of Object.entries(packages)) {
  if (link === true || !path.includes('node_modules/')) continue;
  seen += 1;
  const name = path.split('node_modules/').at(-1);
  if (!known.includes(name) && !licences.includes(license))
    problems.push(`${name}: the licence ${license ?? 'is missing'}`);
  if (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'))
    problems.push(`${name}: comes from ${resolved}`);
}
if (seen === 0) problems.push('the lockfile names nothing');

const audit = spawnSync('npm', ['audit', '--json', '--omit=dev'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
const counts = metadataOf(audit.stdout);
if (counts === null) {
  console.error('NOT AUDITED: the registry answers no audits, so nothing is known about weaknesses of dependencies.');
  if (process.env['HOLDFAST_REQUIRE_AUDIT'] === '1') problems.push('the audit is required, and could not be made');
} else if (counts.high + counts.critical > 0)
  problems.push(`npm audit: ${counts.high} high, ${counts.critical} critical`);

for (const problem of problems) console.error(`dependencies: ${problem}`);
console.log(
  `dependencies: ${seen} packages, ${problems.length} problems, ${counts === null ? 'not audited' : 'audited'}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/** How many of each severity; null = it was no answer of an audit. */
function metadataOf(text) {
  try {
    return JSON.parse(text).metadata?.vulnerabilities ?? null;
  } catch {
    return null;
  }
}
