import { describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll } from 'vitest';
import { openOn } from './open-stores.suite.ts';
import { describePipeline } from './pipeline.suite.ts';

describePostgres('pipelines', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());

  // One connection, so that what it keeps is met again.
  describePipeline('Postgres', () => openOn(server, { poolSize: 1 }));
});
