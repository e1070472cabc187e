import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { hasPreviousRelease, previousFile } from './support/previous-release.ts';

const list = z.record(z.string(), z.string());
const path = 'packages/adapters/migrations/recorded.json';

// The list that holds migrations to what was released could itself be written anew.
test.skipIf(!hasPreviousRelease())('what the release before has recorded is recorded with the same hash', () => {
  const before = list.parse(JSON.parse(previousFile(path)));
  const now = list.parse(JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')));
  expect(Object.keys(before)).not.toEqual([]);
  expect(now).toMatchObject(before);
});
