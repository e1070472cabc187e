// Checks the import arrows (.dependency-cruiser.mjs) and the few text rules that no linter has.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

// With a parser it cannot use, dependency-cruiser reports "no violations (0 modules)" and exits 0.
const fewestModules = 5;

const textRules = [
  {
    folder: 'packages/adapters/src/postgres',
    pattern: /\bpool\s*\.\s*query\b/i,
    why: 'over PGlite, pool.query() breaks the pool after one SQL error: connect(), query, release()',
  },
  {
    folder: 'packages',
    except: /^packages\/testing\/|\.test\.ts$/,
    pattern: /\bprocess\s*(\?\.|\.)\s*env\b|import\.meta\.env/,
    why: 'the environment is read in main.ts only',
  },
  {
    folder: 'apps',
    except: /\/main\.ts$|\.test\.ts$/,
    pattern: /\bprocess\s*(\?\.|\.)\s*env\b|import\.meta\.env/,
    why: 'the environment is read in main.ts only',
  },
];

const problems = [...cruise(), ...readAll()];
if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`boundaries: ${problems.length} broken`);
  process.exit(1);
}

/** @returns {string[]} one line per broken arrow */
function cruise() {
  const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const folders = ['packages', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}/src`))
    .filter((folder) => existsSync(join(root, folder)))
    .concat('tests', 'bench');
  const run = spawnSync(
    process.execPath,
    [cli, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...folders],
    { cwd: root, encoding: 'utf8', maxBuffer: 512 * 1024 * 1024 },
  );
  let result;
  try {
    result = JSON.parse(run.stdout);
  } catch {
    return [`dependency-cruiser gave no report: ${run.stderr || run.error}`];
  }
  const own = result.modules.filter((module) => /^(packages|apps|tests|bench)\/.*\.ts$/.test(module.source));
  const edges = own.reduce((sum, module) => sum + module.dependencies.length, 0);
  if (own.length < fewestModules || edges === 0) {
    return [`dependency-cruiser saw ${own.length} modules and ${edges} imports: it checked nothing`];
  }
  console.log(`boundaries: ${own.length} modules, ${edges} imports`);
  return result.summary.violations
    .filter((violation) => violation.rule.severity === 'error')
    .map((violation) => {
      const comment = result.summary.ruleSetUsed?.forbidden?.find((rule) => rule.name === violation.rule.name)?.comment;
      const cycle = violation.cycle ? ` (${violation.cycle.map((step) => step.name ?? step).join(' → ')})` : '';
      return `${violation.rule.name}: ${violation.from} → ${violation.to}${cycle}${comment ? `\n    ${comment}` : ''}`;
    });
}

/** @returns {string[]} one line per broken text rule */
function readAll() {
  return textRules.flatMap(({ folder, except, pattern, why }) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((path) => path.endsWith('.ts') && path.includes('/src/') && !/(^|\/)(node_modules|dist)\//.test(path))
      .filter((path) => !except?.test(path))
      .flatMap((path) =>
        readFileSync(join(root, path), 'utf8')
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${why}`] : [])),
      ),
  );
}
