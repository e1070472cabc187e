import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
const root = fileURLToPath(new URL('../../../', import.meta.url));
/** One of our programs from its sources, with nothing of our own environment but PATH and HOME. */
export function start(main, args, environment) {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, ['--conditions=holdfast-source', '--import', 'tsx', main, ...args], {
        cwd: root,
        env: { PATH, HOME, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += String(data)));
    child.stderr.on('data', (data) => {
        output += String(data);
        errors += String(data);
    });
    const ended = new Promise((resolve) => {
        child.on('close', (code, signal) => resolve(code ?? signal));
    });
    return {
        child,
        output: () => output,
        errors: () => errors,
        ended,
        async saw(text, withinMs = 60_000) {
            const until = performance.now() + withinMs;
            const found = () => (typeof text === 'string' ? output.includes(text) : text.test(output));
            while (!found()) {
                if (performance.now() > until || child.exitCode !== null || child.signalCode !== null)
                    throw new Error(`never saw ${String(text)} in:\n${output}`);
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
        },
    };
}
//# sourceMappingURL=program.js.map