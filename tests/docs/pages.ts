import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Block, blocksOf } from './blocks.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The condition of `exports` under which packages are their sources. */
export const SOURCE = 'holdfast-source';

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** It wants a database server of its own. */
  readonly onPostgres: boolean;
  /** And a Temporal server. */
  readonly onTemporal: boolean;
}

/** All that is written for users. */
export const pages: readonly Page[] = [
  'README.md',
  ...markdownIn('docs'),
  ...markdownIn('samples').filter((path) => path.endsWith('README.md')),
].map((path) => {
  const text = readFileSync(join(root, path), 'utf8');
  try {
    const onTemporal = text.includes('<!-- tested on Postgres and Temporal -->');
    const onPostgres = onTemporal || text.includes('<!-- tested on Postgres -->');
    return { path, text, blocks: blocksOf(text), onPostgres, onTemporal };
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
});

function markdownIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { encoding: 'utf8', recursive: true })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .toSorted();
}
