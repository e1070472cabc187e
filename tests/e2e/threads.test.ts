import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll } from 'vitest';
import { describeThreads } from './support/threads-suite.ts';

describePostgres('threads', ({ bin }) => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres({ bin });
  });
  afterAll(() => postgres.stop());

  describeThreads('two workers', async () => (await database(postgres)).url, 50, { moreWorkers: 1 });
});
