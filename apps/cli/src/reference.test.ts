import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cliReference } from './reference.ts';

it('docs/reference/cli.md is up to date (else: npm run generate)', () => {
  expect(readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8')).toBe(cliReference());
});
