import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { root, SOURCE } from './pages.ts';

/**
 * The command line as one file, since pages call it some hundred times: from its sources each call takes three times as
 * long. It believes to write to a terminal, as it does for a reader. Returns the file, alone in a
 * folder below the root, where it finds its packages.
 */
export async function bundledCli(): Promise<string> {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, 'node_modules/.cache/holdfast-docs-'));
  await bundle({
    entryPoints: { holdfast: join(root, 'apps/cli/src/main.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What a command loads only when it is called stays apart.
    splitting: true,
    platform: 'node',
    format: 'esm',
    conditions: [SOURCE],
    banner: {
      js: 'process.stdout.isTTY = true; process.env.NO_COLOR = "1"; process.env.npm_command = "exec";',
    },
    plugins: [
      {
        name: 'packages of others stay where they are',
        setup: (build) =>
          build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@holdfast/') ? undefined : { path, external: true },
          ),
      },
    ],
    logLevel: 'silent',
  });
  return join(folder, 'holdfast.mjs');
}
