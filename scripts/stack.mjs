// `npm run stack`: install what is missing, then run tests/stack/main.ts from its sources.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkNode, installPackages } from './install.mjs';
import { root } from './root.mjs';

checkNode();
installPackages();

const main = join(root, 'tests/stack/main.ts');
const flags = ['--conditions=holdfast-source', '--import', 'tsx'];
const child = spawn(process.execPath, [...flags, main, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
// A terminal tells both of Ctrl-C; whoever signals this process alone means the other one, too.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => process.exit(code ?? 1));
