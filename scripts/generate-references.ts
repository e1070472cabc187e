// `npm run generate`: writes the pages that are made from the schemas. A test fails when they are stale.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openApiDocument } from '../apps/api/src/reference/open-api.ts';
import { routes } from '../apps/api/src/routes/routes.ts';
import { cliReference } from '../apps/cli/src/reference.ts';
import { permissionsPage } from '../packages/core/src/policies/permissions-page.ts';
import { references } from '../packages/contracts/src/reference/references.ts';
import { root } from './root.mjs';

const all = {
  ...references(),
  'docs/reference/cli.md': cliReference(),
  'docs/reference/permissions.md': permissionsPage(),
  'docs/reference/openapi.json': `${JSON.stringify(openApiDocument(routes), null, 2)}\n`,
};

for (const [path, text] of Object.entries(all)) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
