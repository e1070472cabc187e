import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';

/**
 * What Temporal's sandbox loads: the workflow with what it imports. Made once for each state of the source (some seconds)
 * and kept in a file; `npm run build` makes it, too, so that a worker finds it made.
 */
export async function workflowBundle(logger: Logger): Promise<{ codePath: string } | { code: string }> {
  const file = join(folder, '..', 'dist', `carry-run.${digest()}.js`);
  if (existsSync(file)) return { codePath: file };
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`./workflow/index${extension}`, import.meta.url)),
    logger,
    // Sources name their neighbours with `.ts`, built files with `.js`.
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, extensions: ['.ts', '.js', ...(config.resolve?.extensions ?? [])] },
    }),
  });
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Several processes may make it at once: each writes its own, and the name is given to a whole file.
    const made = `${file}.${randomUUID()}`;
    writeFileSync(made, code);
    renameSync(made, file);
    return { codePath: file };
  } catch {
    // Nothing can be written here: it is made at each start.
    return { code };
  }
}

const folder = fileURLToPath(new URL('.', import.meta.url));
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

function digest(): string {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string };
  hash.update(version);
  const sources = readdirSync(join(folder, 'workflow')).filter((name) => name.endsWith(extension));
  for (const name of sources.toSorted()) hash.update(name).update(readFileSync(join(folder, 'workflow', name)));
  return hash.digest('hex').slice(0, 16);
}
