// `npm run generate`: writes the pages that are made from the schemas. A test fails when they are stale.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { references } from '../packages/contracts/src/reference/references.ts';
import { root } from './root.mjs';

for (const [path, text] of Object.entries(references())) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
