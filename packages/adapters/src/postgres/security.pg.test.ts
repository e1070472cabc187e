import { describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll } from 'vitest';
import { describeCatalog } from './catalog.suite.ts';
import { openOn } from './open-stores.suite.ts';
import { describeSecurity } from './security.suite.ts';

describePostgres('the wall between tenants', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());

  describeCatalog('Postgres', () => openOn(server));
  describeSecurity('Postgres', () => openOn(server));
});
