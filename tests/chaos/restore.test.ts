import { describePostgres } from '@holdfast/testing/servers';
import { expect, it } from 'vitest';
import { rehearseRestore } from './restore/rehearse.ts';

describePostgres('a database restored to an earlier moment', ({ bin }) => {
  it('begins nothing before it is thawed; then people are asked, and runs go on when they say so', async () => {
    const rehearsal = await rehearseRestore(bin, () => undefined);
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
