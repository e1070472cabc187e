import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RELEASE } from './release.ts';

it('is what package.json says', () => {
  const file = new URL('../../../package.json', import.meta.url);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: RELEASE });
});
