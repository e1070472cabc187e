// `npm start`: install what is missing, build, run. The program runs in this process, so that
// signals and the exit code are its own. For the same reason package.json says `exec`: npm signals only the shell.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkNode, installPackages } from './install.mjs';
import { root } from './root.mjs';

checkNode();
installPackages();

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const build = spawnSync(process.execPath, [tsc, '-b', 'apps/standalone'], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);

const program = join(root, 'apps/standalone/dist/main.js');
process.setSourceMapsEnabled(true);
process.argv.splice(1, 1, program);
await import(pathToFileURL(program).href);
