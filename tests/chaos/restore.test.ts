import { postgresVersions } from '@holdfast/testing/servers';
import { describe, expect, it } from 'vitest';
import { newestPostgres } from './on-each-setup.ts';
import { rehearseRestore } from './restore/rehearse.ts';

// scripts/rehearse-restore.sh does it on each version.
describe.skipIf(postgresVersions().length === 0)('a database restored to an earlier moment', () => {
  it('begins nothing before it is thawed; then people are asked, and runs go on when they say so', async () => {
    const rehearsal = await rehearseRestore(newestPostgres(), () => undefined);
    expect(rehearsal).toMatchObject({
      afterwards: 1,
      whileFrozen: 0,
      offeredWhileFrozen: 0,
      asked: 1,
      beforeResume: 0,
      statuses: ['succeeded', 'succeeded', 'succeeded'],
      renamed: true,
    });
  }, 240_000);
});
