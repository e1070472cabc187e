// `npm test`: install what is missing, run Vitest, count. The last line is always `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { checkNode, installPackages } from './install.mjs';
import { root } from './root.mjs';

checkNode();
installPackages();

const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
const file = join(folder, 'report.json');
const exitCode = await vitest(process.argv.slice(2));
const counts = count(readReport());
rmSync(folder, { recursive: true, force: true });

explain();
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = verdict();

/** Runs Vitest on the terminal, its JSON report into `file`. @returns {Promise<number>} its exit code */
function vitest(args) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}

function readReport() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { testResults: [] };
  }
}

/** A file that failed without a failed test (it did not load, or a hook threw) counts as one failed test. */
function count(report) {
  const sum = { passed: 0, failed: 0, skipped: 0, skippedFiles: new Map() };
  for (const result of report.testResults) {
    const failedBefore = sum.failed;
    for (const { status } of result.assertionResults) {
      if (status === 'passed') sum.passed += 1;
      else if (status === 'failed') sum.failed += 1;
      else {
        sum.skipped += 1;
        sum.skippedFiles.set(result.name, (sum.skippedFiles.get(result.name) ?? 0) + 1);
      }
    }
    if (result.status === 'failed' && sum.failed === failedBefore) sum.failed += 1;
  }
  return sum;
}

function explain() {
  if (counts.skippedFiles.size > 0) {
    console.log('Skipped:');
    for (const [name, tests] of counts.skippedFiles) console.log(`  ${relative(root, name)} (${tests})`);
    const servers = [...counts.skippedFiles.keys()].some((name) =>
      /\.pg\.test\.ts$|^tests\//.test(relative(root, name)),
    );
    if (servers) console.log('Suites that need real servers run after: bash scripts/servers.sh install');
  }
  if (process.env.HOLDFAST_LONG !== '1')
    console.log('A tenth of the long suites ran, chosen by a seed; HOLDFAST_LONG=1 runs them whole.');
}

function verdict() {
  if (exitCode !== 0) return exitCode;
  if (counts.failed > 0) return 1;
  if (counts.passed === 0) return 1;
  return process.env.HOLDFAST_REQUIRE_SERVERS === '1' && counts.skipped > 0 ? 1 : 0;
}
