// Records the migrations as they are: from then on a test fails when one of them changes. Done at each release.
//   npm run record-migrations [-- --rewrite]    --rewrite: also those that were recorded with another text
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const folder = join(root, 'packages/adapters/migrations/postgres');
const file = join(root, 'packages/adapters/migrations/recorded.json');
const rewrite = process.argv.includes('--rewrite');

const recorded = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const now = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => /^\d{4}_.*\.sql$/.test(name))
    .toSorted()
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
);
const changed = Object.keys(recorded).filter((name) => now[name] !== recorded[name]);
if (changed.length > 0 && !rewrite) {
  console.error(
    `These are recorded with another text: ${changed.join(', ')}. A database that had one of them refuses this release. ` +
      'Take the change back and write a further migration.',
  );
  process.exit(1);
}
writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
console.log(`${Object.keys(now).length} migrations are recorded.`);
