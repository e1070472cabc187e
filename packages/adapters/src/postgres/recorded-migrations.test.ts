import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('../../migrations/', import.meta.url);
const recorded = JSON.parse(readFileSync(new URL('recorded.json', folder), 'utf8')) as Record<string, string>;

// Databases of others have them: one that changes is refused there as `migration_changed`.
it.each(Object.entries(recorded))('%s is as it was released', (name, hash) => {
  const file = new URL(`postgres/${name}`, folder);
  expect(existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'gone').toBe(hash);
});
